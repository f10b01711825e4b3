"""Every write of tenants. The platform's staff and the operator's command line make, suspend and delete them; their
own people configure them.
"""

from apps.iam.tenants.commands.change_plan import change_plan
from apps.iam.tenants.commands.configure_tenant import (
    configure_for,
    configure_tenant,
    rename_tenant,
    restore_configuration,
)
from apps.iam.tenants.commands.create_tenant import activate_tenant, create_tenant
from apps.iam.tenants.commands.delete_tenant import DELETE_TENANT, cancel_deletion, plan_deletion
from apps.iam.tenants.commands.erase_tenant import erase_tenant
from apps.iam.tenants.commands.provision_tenant import NewTenant, Provisioned, provision_tenant, resume_provisioning
from apps.iam.tenants.commands.suspend_tenant import reinstate_tenant, suspend_tenant

__all__ = [
    "DELETE_TENANT",
    "NewTenant",
    "Provisioned",
    "activate_tenant",
    "cancel_deletion",
    "change_plan",
    "configure_for",
    "configure_tenant",
    "create_tenant",
    "erase_tenant",
    "plan_deletion",
    "provision_tenant",
    "reinstate_tenant",
    "rename_tenant",
    "restore_configuration",
    "resume_provisioning",
    "suspend_tenant",
]
