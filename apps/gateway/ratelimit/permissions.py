"""Who sees what is used of the limits. A company's plan is changed by whoever manages companies."""

from apps.core.auth.permissions import MANAGERS, Permission, PlatformPermission


class LimitPermission(Permission):
    VIEW = "limits.view", "See the company's rate limits and what is used of them", MANAGERS


class LimitsPermission(PlatformPermission):
    VIEW = "platform.view_limits", "See what every company uses of its rate limits"
    MANAGE = "platform.manage_limits", "Give companies other plans and limits"
