"""Lets Django decide whether a stream may begin: sessions, principals and permissions live in its middleware.

A stream route is outside Django. So the same path has an ordinary view, which answers 200 to whoever may listen:

    async def order_events(scope, receive, send):
        request = await admitted(scope, send)
        if request is not None:
            await EventStream(scope, receive, send).run(news_for(request.principal))
"""

from __future__ import annotations

from functools import partial
from io import BytesIO
from typing import Protocol

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from apps.core.web import problems
from apps.core.web.bodies import Body
from apps.core.web.environ import environ_of
from apps.core.web.interfaces import RawHeaders, Scope, Send
from apps.core.web.problems import Problem
from apps.core.web.sse import in_thread
from apps.core.web.threads import PoolFull


class _Handler(Protocol):
    def get_response(self, request: HttpRequest) -> HttpResponseBase: ...


async def admitted(scope: Scope, send: Send) -> HttpRequest | None:
    """The request as Django's middleware left it, if the view of its path answers 200; else None, and what the view
    answered has been sent. One pass through Django on a pool thread; the tenant of that pass is not set afterwards.
    """
    request = WSGIRequest(environ_of(scope, list(scope["headers"]), Body(BytesIO(), 0)))
    handler: _Handler = scope["state"]["wsgi"]
    try:
        status, headers, body = await in_thread(scope, partial(_answer, handler, request))
    except PoolFull:
        status, headers, body = _problem(problems.OVERLOADED, scope)
    if status == 200:
        return request
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
    return None


def _answer(handler: _Handler, request: HttpRequest) -> tuple[int, RawHeaders, bytes]:
    set_script_prefix("/")
    response = handler.get_response(request)
    body = bytes(getattr(response, "content", b""))
    response.close()
    fields = [*response.items(), *(("Set-Cookie", morsel.OutputString()) for morsel in response.cookies.values())]
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields]
    return response.status_code, _with_length(headers, len(body)), body


def _with_length(headers: RawHeaders, length: int) -> RawHeaders:
    return [*(field for field in headers if field[0] != b"content-length"), (b"content-length", str(length).encode())]


def _problem(problem: Problem, scope: Scope) -> tuple[int, RawHeaders, bytes]:
    trace_id = problems.trace_id_of(scope["headers"])
    body = problem.body(trace_id)
    return problem.status, problem.headers(body, trace_id, close=False), body
