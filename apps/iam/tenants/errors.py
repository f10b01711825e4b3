"""What a tenant refuses."""

from apps.core.errors import Conflict, Invalid, NotFound


class TenantNotFound(NotFound):
    """There is no such tenant."""

    code = "tenant_not_found"


class InvalidTenant(Invalid):
    """A tenant's slug, name or currency is not well formed."""

    code = "invalid_tenant"


class TenantExists(Conflict):
    """Another company has this short name already."""

    code = "tenant_exists"


class TenantIsGone(Conflict):
    """This company's data is being erased, or is erased: nothing can be changed any more."""

    code = "tenant_is_gone"


class TenantIsSuspended(Conflict):
    """This company is suspended: reinstate it first."""

    code = "tenant_is_suspended"


class DeletionNotPlanned(Conflict):
    """No deletion of this company is planned, or its waiting time is not over."""

    code = "deletion_not_planned"


class InvalidConfiguration(Invalid):
    """A setting is not well formed."""

    code = "invalid_configuration"


class InvalidPlan(Invalid):
    """There is no such plan, or a limit is out of bounds."""

    code = "invalid_plan"


class VersionNotFound(NotFound):
    """There is no such version of the configuration."""

    code = "version_not_found"


class RunNotFound(NotFound):
    """Nothing of the kind was ever begun for this company."""

    code = "run_not_found"


class ProvisioningIncomplete(Conflict):
    """This company is not set up yet: carry its provisioning on first."""

    code = "provisioning_incomplete"


class StillThere(Conflict):
    """Something of this company came to light after it was erased."""

    code = "still_there"
