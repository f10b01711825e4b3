"""The parts of uvicorn, uvicorn-worker and gunicorn that are not public and that we rely on.

When one of these fails after an upgrade, read `protocol.py` and `worker.py` against the new version before anything
else: a change here may be silent there.
"""

from __future__ import annotations

import asyncio
import inspect
import ssl
from typing import Any

import pytest
from gunicorn.workers.base import Worker
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import Server, ServerState
from uvicorn_worker import UvicornWorker

from apps.core.web.protocol import WebProtocol


class Transport(asyncio.Transport):
    """Collects what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self.closed = b"", False

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


async def application(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


def parameters(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)


async def connected() -> tuple[WebProtocol, Transport, ServerState]:
    config, state, transport = (
        Config(application, http=WebProtocol, ws="none", log_config=None),
        ServerState(),
        Transport(),
    )
    protocol = WebProtocol(config=config, server_state=state, app_state={}, _loop=asyncio.get_running_loop())
    protocol.connection_made(transport)
    return protocol, transport, state


class TestProtocol:
    @pytest.mark.parametrize(
        ("method", "expected"),
        [
            ("__init__", ["self", "config", "server_state", "app_state", "_loop"]),
            ("connection_made", ["self", "transport"]),
            ("data_received", ["self", "data"]),
            ("on_message_begin", ["self"]),
            ("on_header", ["self", "name", "value"]),
            ("on_headers_complete", ["self"]),
            ("send_400_response", ["self", "msg"]),
        ],
    )
    def test_methods_we_override_have_their_signature(self, method: str, expected: list[str]) -> None:
        assert parameters(getattr(HttpToolsProtocol, method)) == expected

    def test_state_we_read_is_there_before_and_after_a_request(self) -> None:
        async def run() -> None:
            protocol, transport, state = await connected()
            assert protocol.cycle is None
            assert protocol.config.app is application
            assert isinstance(protocol.flow, FlowControl)
            assert protocol.flow.write_paused is False
            assert protocol in state.connections

            protocol.data_received(b"GET /a%20b?c HTTP/1.1\r\nHost: x\r\n\r\n")
            assert isinstance(protocol.cycle, RequestResponseCycle)
            assert protocol.cycle.response_complete is False
            assert protocol.cycle.keep_alive is True
            assert protocol.url == b"/a%20b?c"
            assert protocol.scope["raw_path"] == b"/a%20b"
            assert protocol.scope["headers"] == [(b"host", b"x")]
            assert protocol.scope["headers"] is not protocol.headers  # trailers go nowhere
            await asyncio.gather(*state.tasks)
            assert protocol.cycle.response_complete is True
            assert transport.written.endswith(b"\r\n\r\nok")
            protocol.connection_lost(None)

        asyncio.run(run())

    def test_a_request_answered_by_the_edge_leaves_the_connection_in_order(self) -> None:
        async def run() -> None:
            protocol, transport, state = await connected()
            protocol._edge = lambda method, target, headers: b"HIT" if target == b"/hit" else None
            protocol.data_received(b"GET /hit HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (transport.written, state.tasks, state.total_requests) == (b"HIT", set(), 1)

            protocol.data_received(b"GET /miss HTTP/1.1\r\nHost: x\r\n\r\n")
            await asyncio.gather(*state.tasks)
            assert transport.written.endswith(b"\r\n\r\nok")
            protocol.shutdown()
            assert transport.closed
            protocol.connection_lost(None)

        asyncio.run(run())

    def test_the_parser_tells_what_we_ask(self) -> None:
        async def run() -> None:
            protocol, _, _ = await connected()
            for name in ("get_method", "get_http_version", "should_keep_alive"):
                assert callable(getattr(protocol.parser, name))
            assert protocol.timeout_keep_alive > 0

        asyncio.run(run())


class TestServer:
    @pytest.mark.parametrize(
        ("method", "expected"),
        [
            ("_serve", ["self", "sockets"]),
            ("shutdown", ["self", "sockets"]),
            ("on_tick", ["self", "counter"]),
            ("handle_exit", ["self", "sig", "frame"]),
        ],
    )
    def test_methods_we_override_have_their_signature(self, method: str, expected: list[str]) -> None:
        assert parameters(getattr(Server, method)) == expected

    def test_state_we_use_is_there(self) -> None:
        server = Server(Config(application, log_config=None))

        assert server._captured_signals == []
        assert (server.force_exit, server.should_exit, server.started) == (False, False, False)
        assert server.server_state.connections == set()

    def test_the_configuration_takes_our_tls_context(self) -> None:
        config = Config(
            application, log_config=None, ssl_context_factory=lambda config, default: ssl.create_default_context()
        )
        config.load()

        assert isinstance(config.ssl, ssl.SSLContext)
        assert {"timeout_graceful_shutdown", "reset_contextvars", "callback_notify"} <= vars(config).keys()


class TestWorker:
    def test_the_worker_is_extended_where_we_expect(self) -> None:
        assert issubclass(UvicornWorker, Worker)
        assert parameters(UvicornWorker._serve) == ["self"]
        assert inspect.iscoroutinefunction(UvicornWorker._serve)
        assert isinstance(UvicornWorker.CONFIG_KWARGS, dict)
        assert parameters(Worker.init_process) == ["self"]
        assert parameters(Worker.notify) == ["self"]
