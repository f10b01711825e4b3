"""The innermost middleware: what a view raised becomes a problem document or an error page."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from apps.core.api.error_pages import error_response, wants_json


class ProblemMiddleware:
    """Answers for every exception of a view that Django REST framework has not answered for already."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        response = error_response(request, error)
        developing = settings.DEBUG and response.status_code == 500 and not wants_json(request)
        return None if developing else response  # None: Django's own page with the traceback
