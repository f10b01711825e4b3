"""Who is calling and what they may do."""

from apps.core.auth.decision import Decision
from apps.core.auth.grants import Holdings, Resource
from apps.core.auth.permissions import (
    CLERKS,
    IN_PERSON,
    MANAGERS,
    OWNERS,
    SYSTEM_ROLES,
    VIEWERS,
    Permission,
    PlatformPermission,
    declared_permissions,
    permissions_of_system_role,
    platform_permissions,
)
from apps.core.auth.principal import MissingPermission, NotWhileImpersonating, Principal
from apps.core.auth.step_up import SENSITIVE, InsufficientAuthentication, StepUp, require_step_up

__all__ = [
    "CLERKS",
    "IN_PERSON",
    "MANAGERS",
    "OWNERS",
    "SENSITIVE",
    "SYSTEM_ROLES",
    "VIEWERS",
    "Decision",
    "Holdings",
    "InsufficientAuthentication",
    "MissingPermission",
    "NotWhileImpersonating",
    "Permission",
    "PlatformPermission",
    "Principal",
    "Resource",
    "StepUp",
    "declared_permissions",
    "permissions_of_system_role",
    "platform_permissions",
    "require_step_up",
]
