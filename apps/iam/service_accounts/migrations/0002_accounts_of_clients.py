"""Each API client of before becomes a service account with this OAuth client: same id, same name, same roles."""

from itertools import groupby

from django.db import migrations

from apps.core.tenancy import tenant


def make_accounts(apps, schema_editor):
    clients = apps.get_model("oidc", "Application").objects.filter(kind="machine", tenant_id__isnull=False)
    account = apps.get_model("service_accounts", "ServiceAccount")
    for tenant_id, owned in groupby(clients.order_by("tenant_id", "id"), key=lambda client: client.tenant_id):
        rows = [
            account(
                id=client.id,
                tenant_id=tenant_id,
                name=client.name[:100],
                name_key=client.name[:100].casefold(),
                created_at=client.created,
            )
            for client in owned
        ]
        with tenant(tenant_id):  # row-level security holds for the owner of the tables too
            account.objects.bulk_create(rows, ignore_conflicts=True)
            if account.objects.filter(id__in=[row.id for row in rows]).count() != len(rows):
                raise RuntimeError(f"service accounts of tenant {tenant_id} are missing")


class Migration(migrations.Migration):
    dependencies = [("service_accounts", "0001_initial"), ("oidc", "0004_kinds")]

    operations = [migrations.RunPython(make_accounts, migrations.RunPython.noop, elidable=True)]
