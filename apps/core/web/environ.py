"""An ASGI scope as the WSGI environment Django expects (PEP 3333)."""

from __future__ import annotations

import sys
from typing import IO
from urllib.parse import unquote_to_bytes
from wsgiref.util import FileWrapper

from apps.core.web.bodies import Body
from apps.core.web.interfaces import Environ, RawHeaders, Scope

# Framing is settled when the body has been read and counted. `proxy` would become HTTP_PROXY, which tools of other
# processes take for a proxy's address (CVE-2016-5385).
_DROPPED = frozenset({b"content-length", b"transfer-encoding", b"connection", b"proxy", b"expect"})
_KEYS: dict[bytes, str] = {}
_BLOCK = 256 * 1024


class FileBlocks(FileWrapper):
    """Sends files in large blocks: Django asks for 4 KiB, and each block costs a change of thread."""

    def __init__(self, filelike: IO[bytes], blksize: int = _BLOCK) -> None:
        super().__init__(filelike, max(blksize, _BLOCK))


def environ_of(scope: Scope, headers: RawHeaders, body: Body) -> Environ:
    """The environment of one request. `headers` are those of the head: trailers never count."""
    raw_path: bytes = scope["raw_path"]
    query: bytes = scope["query_string"]
    path = unquote_to_bytes(raw_path).decode("latin-1")
    server = scope.get("server") or ("localhost", None)
    client = scope.get("client") or ("", 0)
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query.decode("latin-1"),
        "RAW_URI": (raw_path + b"?" + query if query else raw_path).decode("latin-1"),
        "CONTENT_LENGTH": str(body.length),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or 0),
        "SERVER_PROTOCOL": "HTTP/" + scope["http_version"],
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body.file,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileBlocks,
    }
    _add_headers(environ, headers)
    return environ


def _add_headers(environ: Environ, headers: RawHeaders) -> None:
    for name, value in headers:
        # With an underscore `X_Tenant` would become the same variable as `X-Tenant`: a way to forge what a proxy sets.
        if name in _DROPPED or b"_" in name:
            continue
        key, text = _KEYS.get(name) or _key(name), value.decode("latin-1")
        if key in environ:
            # RFC 9110 §5.3; cookies are the exception, RFC 6265 §5.4 and RFC 9113 §8.2.3.
            text = environ[key] + ("; " if key == "HTTP_COOKIE" else ",") + text
        environ[key] = text


def _key(name: bytes) -> str:
    key = name.decode("latin-1").upper().replace("-", "_")
    key = key if key == "CONTENT_TYPE" else "HTTP_" + key
    if len(_KEYS) < 256:  # the names of the usual fields; not a client's inventions without end
        _KEYS[name] = key
    return key
