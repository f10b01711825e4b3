"""How a Stripe-compatible API is reached: over the network, or by calling a WSGI application in this process."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from apps.business.payments.providers.port import NoAnswer
from apps.core.errors import Unavailable
from apps.core.remote import outbound
from apps.core.resilience import Dependency

_MOST_BYTES = 1024 * 1024

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Transport(Protocol):
    def __call__(self, path: str, form: Mapping[str, str] | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """POST the form, or GET where it is None; status and body. Raises NoAnswer."""


class OverHttp:
    """To an address that the operator has configured: a tenant never says where its keys are sent."""

    def __init__(self, base_url: str, *, through: Dependency) -> None:
        self._base_url, self._through = base_url.rstrip("/"), through

    def __call__(self, path: str, form: Mapping[str, str] | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
        try:
            answer = outbound.fetch(
                self._base_url + path,
                through=self._through,
                most_bytes=_MOST_BYTES,
                form=form,
                headers=headers,
                is_ours=True,
            )
        except Unavailable as error:
            raise NoAnswer(str(error)) from error
        return answer.status, answer.body


class InProcess:
    """To a WSGI application. One that breaks off is one that does not answer."""

    def __init__(self, app: WsgiApp) -> None:
        self._app = app

    def __call__(self, path: str, form: Mapping[str, str] | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
        told: list[str] = []
        try:
            body = b"".join(self._app(_environ(path, form, headers), lambda status, *_: told.append(status)))
        except ConnectionError as error:
            raise NoAnswer(str(error)) from error
        return int(told[0].split()[0]), body


def _environ(path: str, form: Mapping[str, str] | None, headers: Mapping[str, str]) -> dict[str, Any]:
    parts, content = urlsplit(path), urlencode(form or {}).encode()
    return {
        "REQUEST_METHOD": "GET" if form is None else "POST",
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(content)),
        "wsgi.input": io.BytesIO(content),
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
    }
