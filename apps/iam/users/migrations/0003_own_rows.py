"""Own rows in words that the planner gets right (`OwnRows`)."""

from django.db import migrations

from apps.core.tenancy.isolation import OwnRowsRestated


class Migration(migrations.Migration):
    dependencies = [("users", "0002_profile")]

    operations = [OwnRowsRestated("Membership", "user_id")]
