"""A request is worked on no longer than its answer is of use."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from apps.core.api.error_pages import error_response
from apps.core.resilience import DeadlinePassed, deadline
from apps.core.resilience.deadlines import HEADER, seconds_in
from apps.core.resilience.fallbacks import noting_stale_answers


class DeadlineMiddleware:
    """The time that a request has: what its caller gives in `X-Request-Deadline`, WEB_TIMEOUT_S at most, from when it
    came (`web.arrived`, a moment of `time.monotonic`). One that waited for a thread until its time was over is refused:
    nobody waits for the answer any more.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        now = time.monotonic()
        arrived: float = request.META.get("web.arrived", now)
        seconds = min(seconds_in(request.headers.get(HEADER, "")), settings.WEB_TIMEOUT_S)
        if arrived + seconds <= now:
            return error_response(request, DeadlinePassed("nobody waits for the answer any more", dependency="web"))
        with deadline(seconds, now=arrived), noting_stale_answers():
            return self.get_response(request)
