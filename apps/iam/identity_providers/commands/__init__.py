"""Every write of identity providers, e-mail domains and links."""

from apps.iam.identity_providers.commands.admitting import Admitted, admit
from apps.iam.identity_providers.commands.configuring import (
    create_identity_provider,
    delete_identity_provider,
    restore_identity_provider,
    update_identity_provider,
)
from apps.iam.identity_providers.commands.domains import confirm_domain, verify_domain
from apps.iam.identity_providers.commands.linking import link_identity, unlink_identity

__all__ = [
    "Admitted",
    "admit",
    "confirm_domain",
    "create_identity_provider",
    "delete_identity_provider",
    "link_identity",
    "restore_identity_provider",
    "unlink_identity",
    "update_identity_provider",
    "verify_domain",
]
