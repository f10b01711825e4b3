"""What somebody holds, in all tenants and whether it has ended or not, by an index that is built beside the running
system; and own rows in words that the planner gets right.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from apps.core.tenancy.isolation import OwnRowsRestated


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("roles", "0004_assignment_indexes")]

    operations = [
        AddIndexConcurrently(
            "roleassignment",
            models.Index(fields=["holder_id", "tenant_id"], name="role_assignment_by_holder"),
        ),
        OwnRowsRestated("RoleAssignment", "holder_id"),
    ]
