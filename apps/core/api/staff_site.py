"""The admin of the platform's staff, `admin.site`: with the one exception from the content security policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib.admin.apps import AdminConfig
from unfold.sites import UnfoldAdminSite

# Its menus are written for Alpine, which compiles the expressions in its attributes, and htmx there adds a style of its
# own. Only staff come here, and what tenants enter is escaped as everywhere.
_NEEDED = {"script-src": [UNSAFE_EVAL], "style-src": [UNSAFE_INLINE]}


class StaffSite(UnfoldAdminSite):
    """Pages of the admin run under a policy that their own scripts can live with; no other page does."""

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        guarded: Callable[..., Any] = super().admin_view(view, cacheable)
        return csp_update(_NEEDED)(guarded)


class StaffAdminConfig(AdminConfig):
    """`django.contrib.admin` with our site as the default one."""

    default_site = "apps.core.api.staff_site.StaffSite"
