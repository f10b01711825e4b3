"""Where checkpoints are kept outside the database: a file that is only ever appended to."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from apps.core.observability import get_logger
from apps.iam.audit.commands import Anchor

_logger = get_logger("iam.audit")


def keep(anchor: Anchor) -> None:
    """Add a line to AUDIT_CHECKPOINT_FILE, if there is one: tenant, sequence, checkpoint.

    A disk that fails stops nothing, since the event and the log line are out already; it is logged.
    """
    if not settings.AUDIT_CHECKPOINT_FILE:
        return
    path = Path(settings.AUDIT_CHECKPOINT_FILE)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(line_of(anchor))
    except OSError as error:
        _logger.error("audit.checkpoint_not_kept", file=str(path), error=str(error))


def line_of(anchor: Anchor) -> str:
    """As the file holds it and `manage.py anchor_audit` prints it."""
    return f"{anchor.tenant_id} {anchor.sequence} {anchor.token}\n"
