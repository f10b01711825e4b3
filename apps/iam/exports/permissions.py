"""What one may be allowed to export besides everything of a company (`tenant.export`) and everything of oneself."""

from apps.core.auth.permissions import IN_PERSON, OWNERS, Permission


class ExportPermission(Permission):
    PEOPLE = "users.export", "Export everything that is kept about a person", OWNERS, IN_PERSON
