"""Own rows in words that the planner gets right (`OwnRows`)."""

from django.db import migrations

from apps.core.tenancy.isolation import OwnRowsRestated


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_erasure")]

    operations = [OwnRowsRestated("SecurityRecord", "subject_id")]
