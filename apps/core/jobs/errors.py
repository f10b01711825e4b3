"""What may go wrong with a job, and how a running one learns that it is to stop."""

from __future__ import annotations

from apps.core.errors import Conflict, NotFound


class JobNotFound(NotFound):
    """There is no such job in this tenant, or it is somebody else's."""

    code = "job_not_found"


class JobKeyReused(Conflict):
    """This idempotency key was used for the same work with other parameters: other work needs another key."""

    code = "job_key_reused"


class JobEnded(Conflict):
    """The job has ended, so there is nothing to call off."""

    code = "job_ended"


class JobNotEnded(Conflict):
    """Only a job that died or was cancelled can be begun again."""

    code = "job_not_ended"


class JobCancelled(Exception):
    """Raised inside a job whose cancellation was asked for. Let it pass: what is done stays, the rest is left."""


class LeaseLost(Exception):
    """Raised inside a job that was given to somebody else, since nothing was heard of it for too long. Let it pass."""
