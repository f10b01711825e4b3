"""Own rows in words that the planner gets right (`OwnRows`)."""

from django.db import migrations

from apps.core.tenancy.isolation import OwnRowsRestated


class Migration(migrations.Migration):
    dependencies = [("identity_providers", "0001_identity_providers")]

    operations = [OwnRowsRestated("IdentityLink", "user_id")]
