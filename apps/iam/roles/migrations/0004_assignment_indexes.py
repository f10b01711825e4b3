"""A role may be held once everywhere and once for each object. Indexes are built beside the running system, the new
unique one before the old one goes, so that at no moment a role can be given twice.
"""

from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models
from django.db.models import Q

ONCE = models.UniqueConstraint(
    fields=["tenant_id", "holder_id", "role_code", "resource_type", "resource_id"],
    name="role_assignment_once",
    condition=Q(deleted_at__isnull=True),
    nulls_distinct=False,
)
WHOLE = models.CheckConstraint(
    name="role_assignment_scope_is_whole",
    condition=Q(resource_type="", resource_id__isnull=True) | ~Q(resource_type="") & Q(resource_id__isnull=False),
)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("roles", "0003_separation_of_duty")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "create unique index concurrently if not exists role_assignment_once on roles_roleassignment "
                    "(tenant_id, holder_id, role_code, resource_type, resource_id) nulls not distinct "
                    "where deleted_at is null",
                    "drop index concurrently if exists role_assignment_once",
                ),
                migrations.RunSQL(
                    "drop index concurrently if exists role_assignment_unique",
                    "create unique index concurrently if not exists role_assignment_unique on roles_roleassignment "
                    "(tenant_id, holder_id, role_code) where deleted_at is null",
                ),
            ],
            state_operations=[
                migrations.RemoveConstraint("roleassignment", "role_assignment_unique"),
                migrations.AddConstraint("roleassignment", ONCE),
            ],
        ),
        AddIndexConcurrently(
            "roleassignment",
            models.Index(
                fields=["tenant_id", "expires_at"],
                name="role_assignment_by_expiry",
                condition=Q(deleted_at__isnull=True, expires_at__isnull=False),
            ),
        ),
        AddConstraintNotValid("roleassignment", WHOLE),
        ValidateConstraint("roleassignment", "role_assignment_scope_is_whole"),
    ]
