"""Every write of policies. Each but the break-glass takes a second person, while there is one."""

from apps.iam.policies.commands.changing import (
    CHANGE_POLICY,
    create_policy,
    delete_policy,
    restore_policy,
    update_policy,
)
from apps.iam.policies.commands.disabling import disable_policies

__all__ = [
    "CHANGE_POLICY",
    "create_policy",
    "delete_policy",
    "disable_policies",
    "restore_policy",
    "update_policy",
]
