"""What one may be allowed to do with a tenant as a whole, and with tenants as the platform's staff."""

from apps.core.auth.permissions import IN_PERSON, OWNERS, Permission, PlatformPermission


class TenantPermission(Permission):
    CONFIGURE = "tenant.configure", "Change the company's settings", OWNERS
    EXPORT = "tenant.export", "Export everything the company has here", OWNERS, IN_PERSON
    DELETE = "tenant.delete", "Ask for the company's deletion, and call it off", OWNERS, IN_PERSON


class TenantsPermission(PlatformPermission):
    VIEW = "platform.view_tenants", "See all companies"
    MANAGE = "platform.manage_tenants", "Create, configure, suspend and reinstate companies"
    DELETE = "platform.delete_tenants", "Ask for a company's deletion, and call it off", OWNERS, IN_PERSON
    EXPORT = "platform.export_tenants", "Export everything a company has", OWNERS, IN_PERSON
