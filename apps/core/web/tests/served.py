"""What the tests' server serves: Django with a few views and no database, and routes that let a test steer it.

`/control?set=NAME` sets an event and `/control?await=NAME` waits for one, on the event loop: also when every thread
is busy. Views report with `happened(name, value)`; `await` returns the value.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs

import django
from django.conf import settings
from django.core.signals import request_finished
from django.core.wsgi import get_wsgi_application
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path, re_path

from apps.core.web.admission import admitted
from apps.core.web.application import WebApplication
from apps.core.web.health import operations_routes
from apps.core.web.interfaces import Receive, Scope, Send
from apps.core.web.limits import Limits
from apps.core.web.sse import EventStream, ServerSentEvent, in_thread

_WAIT_S = 45.0
_events: dict[str, threading.Event] = defaultdict(threading.Event)
_values: dict[str, object] = {}


def happened(name: str, value: object = True) -> None:
    _values[name] = value
    _events[name].set()


def wait_for(name: str) -> object:
    if not _events[name].wait(_WAIT_S):
        raise TimeoutError(name)
    return _values.get(name, True)


def echo(request: HttpRequest) -> JsonResponse:
    """What Django understood of the request."""
    happened("entered " + request.GET.get("as", ""))
    body = request.body
    return JsonResponse(
        {
            "method": request.method,
            "path": request.path.encode("utf-8", "surrogateescape").decode("latin-1"),
            "path_info": request.META["PATH_INFO"],
            "raw_uri": request.META["RAW_URI"],
            "query": request.META["QUERY_STRING"],
            "cookies": request.COOKIES,
            "headers": dict(request.headers),
            "meta": {key: value for key, value in request.META.items() if isinstance(value, str)},
            "length": len(body),
            "sum": sum(body) % 65521,
            "secure": request.is_secure(),
            "thread": threading.current_thread().name,
        }
    )


def hold(request: HttpRequest) -> HttpResponse:
    """Keeps its thread until the test sets `release NAME`."""
    name = request.GET["as"]
    happened(f"entered {name}")
    wait_for(f"release {name}")
    return HttpResponse("released")


def pipe(request: HttpRequest) -> HttpResponse:
    """Keeps its thread until the test writes into a named pipe: also when the port is closed already."""
    happened("entered pipe")
    return HttpResponse(Path(os.environ["SERVED_PIPE"]).read_bytes())


def cookies(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("two cookies")
    response.set_cookie("one", "1")
    response.set_cookie("two", "2")
    return response


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"x" * int(request.GET.get("size", "5")), status=int(request.GET.get("status", "200")))


def sized(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"12345", headers={"Content-Length": request.GET["length"], "X-Trace-Id": "ab" * 16})


def broken(request: HttpRequest) -> StreamingHttpResponse:
    def chunks() -> Iterator[bytes]:
        yield b"first"
        raise RuntimeError("planted")

    return StreamingHttpResponse(chunks())


def stream(request: HttpRequest) -> StreamingHttpResponse:
    """`count` chunks of `size` bytes; reports how far it came and in which thread it was closed."""
    name, count, size = request.GET["as"], int(request.GET["count"]), int(request.GET["size"])
    viewed_in = threading.current_thread().name

    def chunks() -> Iterator[bytes]:
        made = 0
        try:
            for made in range(1, count + 1):
                _values[f"made {name}"] = made
                yield b"s" * size
        finally:
            happened(f"closed {name}", {"made": made, "same thread": threading.current_thread().name == viewed_in})

    return StreamingHttpResponse(chunks())


def file(request: HttpRequest) -> FileResponse:
    return FileResponse(Path(os.environ["SERVED_FILE"]).open("rb"), content_type="application/octet-stream")


def made(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"made": _values.get(f"made {request.GET['as']}", 0)})


def fails(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("planted")


async def control(scope: Scope, receive: Receive, send: Send) -> None:
    query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
    if "set" in query:
        happened(query["set"])
        found: object = True
    elif "seen" in query:
        found = _events[query["seen"]].is_set()
    elif "waiting" in query:
        found = await _until_waiting(int(query["waiting"]))
    else:
        found = await asyncio.get_running_loop().run_in_executor(None, wait_for, query["await"])
    body = json.dumps(found).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _until_waiting(count: int) -> int:
    async with asyncio.timeout(_WAIT_S):
        while application.threads.waiting < count:
            await asyncio.sleep(0.01)
    return application.threads.waiting


def may_listen(request: HttpRequest) -> HttpResponse:
    """Django's side of /sse."""
    if "deny" in request.COOKIES:
        response = HttpResponse("not you", status=403)
        response.set_cookie("denied", "1")
        return response
    return HttpResponse()


async def sse(scope: Scope, receive: Receive, send: Send) -> None:
    """Counts on from Last-Event-ID; after three events it waits. One value comes from a pool thread."""
    request = await admitted(scope, send)
    if request is None:
        return
    events = EventStream(scope, receive, send, heartbeat_s=0.2)
    start = int(events.last_event_id or "0")

    async def counted() -> AsyncIterator[ServerSentEvent]:
        try:
            thread = await in_thread(scope, lambda: threading.current_thread().name)
            for number in range(start + 1, start + 4):
                yield ServerSentEvent(id=str(number), event="count", data=f"line {number}\n{thread}")
            await asyncio.Event().wait()
        finally:
            happened("sse closed")

    await events.run(counted())


def edge(method: bytes, target: bytes, headers: list[tuple[bytes, bytes]]) -> bytes | None:
    if target == b"/edge/fails":
        raise RuntimeError("planted")
    if target.startswith(b"/edge"):
        body = b"" if method == b"HEAD" else b"from the edge"
        return b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n" + body
    return None


def note_start() -> None:
    if "SERVED_CANNOT_START" in os.environ:
        raise RuntimeError("planted: isolation is broken")
    happened("started", threading.current_thread().name)


def _bare(application: Callable) -> Callable:
    """Beside Django: what only a bare WSGI application does."""

    def bare(environ, start_response):  # type: ignore[no-untyped-def]
        path = environ["PATH_INFO"]
        if path == "/bare":
            return _written_and_yielded(start_response)
        if path == "/bare/raises":
            raise RuntimeError("planted")
        if path == "/bare/silent":
            return [b"no start_response"]
        if path == "/bare/second-thought":
            return _second_thought(start_response)
        return application(environ, start_response)

    bare.get_response = application.get_response  # type: ignore[attr-defined]
    return bare


def _written_and_yielded(start_response: Callable) -> Iterator[bytes]:
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    write(b"written, ")
    yield b"yielded"


def _second_thought(start_response: Callable) -> list[bytes]:
    """PEP 3333: a head that has not been sent may be replaced when there is an error."""
    start_response("200 OK", [])
    try:
        raise RuntimeError("planted")
    except RuntimeError:
        start_response("502 Bad Gateway", [("Connection", "keep-alive")], sys.exc_info())
    return [b"sorry"]


urlpatterns = [
    path("hold", hold),
    path("pipe", pipe),
    path("cookies", cookies),
    path("plain", plain),
    path("sized", sized),
    path("broken", broken),
    path("stream", stream),
    path("file", file),
    path("sse", may_listen),
    path("made", made),
    path("fails", fails),
    re_path(r"^echo", echo),
]

if not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        SECRET_KEY="for the tests only",
        DATABASES={},
        PRIMARY_ALIASES=[],
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        DATA_UPLOAD_MAX_MEMORY_SIZE=None,
        LOGGING_CONFIG=None,
        READINESS_CHECKS=["apps.core.web.tests.served.check_dependency"],
        READINESS_TIMEOUT_S=1.0,
        **{
            name: float(value) if "." in value else int(value)
            for name, value in os.environ.items()
            if name[:4] == "WEB_"
        },
    )
    django.setup()
    request_finished.connect(lambda **_: happened("finished"), weak=False)


def check_dependency() -> None:
    if _events["dependency away"].is_set():
        raise ConnectionError("the dependency at secret-host is away")
    if _events["dependency hangs"].is_set():
        time.sleep(60)


django_application = get_wsgi_application()
application = WebApplication(
    _bare(django_application),
    limits=Limits.from_settings(settings),
    routes={**operations_routes(), "/control": control, "/sse": sse},
    edge=edge,
    on_start=[note_start],
)
