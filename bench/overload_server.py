"""A web process whose every answer takes 0.2 s of waiting, with its door or without.

python -m bench.overload_server PORT with|without
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import uvicorn

from apps.core.web.application import WebApplication
from apps.core.web.limits import Limits

THREADS, SERVICE_S = 8, 0.2


def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    time.sleep(SERVICE_S)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"done"]


def main(port: str, door: str) -> None:
    application = WebApplication(answer, limits=Limits(threads=THREADS, queue=128))
    if door == "without":
        application.threads.door.waited = lambda *_: None  # type: ignore[method-assign]
    uvicorn.run(application, host="127.0.0.1", port=int(port), log_level="error", access_log=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
