"""Clients that get tokens for themselves are machines."""

from django.db import migrations


def name_machines(apps, schema_editor):
    application = apps.get_model("oidc", "Application")
    machines = application.objects.filter(authorization_grant_type="client-credentials")
    machines.update(kind="machine")
    if machines.exclude(kind="machine").exists():
        raise RuntimeError("a client with the client-credentials grant is no machine")


class Migration(migrations.Migration):
    dependencies = [("oidc", "0003_applications")]

    operations = [migrations.RunPython(name_machines, migrations.RunPython.noop, elidable=True)]
