"""What rebuilding a projection may be refused for."""

from __future__ import annotations

from apps.core.errors import Conflict, NotFound


class ProjectionNotFound(NotFound):
    """There is no such projection."""

    code = "projection_not_found"


class RebuildRunning(Conflict):
    """Somebody is at work on this projection already."""

    code = "rebuild_running"


class ReplayFailed(Conflict):
    """An event could not be replayed."""

    code = "replay_failed"


class NotReady(Conflict):
    """There is no shadow that could take the place of the tables."""

    code = "shadow_not_ready"


class NothingKept(Conflict):
    """What was there before is no longer kept."""

    code = "previous_not_kept"
