"""Own rows in words that the planner gets right (`OwnRows`)."""

from django.db import migrations

from apps.core.tenancy.isolation import OwnRowsRestated


class Migration(migrations.Migration):
    dependencies = [("credentials", "0001_initial")]

    operations = [OwnRowsRestated("Invitation", "user_id")]
