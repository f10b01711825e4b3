"""The page for what cannot be told to a client, because the client itself is in doubt or nobody waits for an answer."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.core.observability import trace_id


def error_page(request: HttpRequest, *, status: int, code: str, detail: str, retry_url: str = "/") -> HttpResponse:
    """Names the error by its code, and the request by its trace id."""
    context = {"code": code, "detail": detail, "trace_id": trace_id(), "retry_url": retry_url}
    return render(request, "auth/error.html", context, status=status)
