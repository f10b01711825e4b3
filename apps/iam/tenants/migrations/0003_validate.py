from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """Apart from the migration that adds it, so that the table is scanned under a weaker lock."""

    dependencies = [("tenants", "0002_lifecycle")]

    operations = [ValidateConstraint(model_name="tenant", name="tenant_is_not_the_platform")]
