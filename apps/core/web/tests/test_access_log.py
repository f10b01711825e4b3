"""One line of JSON per request, without what must not be written down."""

from __future__ import annotations

import json
import logging
import sys

from apps.core.web.access_log import JsonLines
from apps.core.web.tests.running import Server


class TestAccessLog:
    def test_says_what_was_asked_and_answered(self, server: Server) -> None:
        server.get("/sized?length=5&code=secret")
        server.until_logged('"GET /sized 200"')
        line = next(line for line in server.logged() if line["event"] == "GET /sized 200")

        assert (line["method"], line["path"], line["status"]) == ("GET", "/sized", 200)
        assert line["trace_id"] == "ab" * 16
        assert line["duration_ms"] > 0
        assert "secret" not in json.dumps(line)

    def test_every_line_of_the_server_is_json(self, server: Server) -> None:
        server.get("/plain")
        lines = server.log.read_text().splitlines()

        assert lines
        assert len(server.logged()) == len(lines)


class TestJsonLines:
    def test_an_exception_stays_on_its_line(self) -> None:
        try:
            raise ValueError("planted\nin two lines")
        except ValueError:
            record = logging.LogRecord("web", logging.ERROR, __file__, 1, "it %s", ("failed",), sys.exc_info())
        text = JsonLines().format(record)

        assert "\n" not in text
        assert json.loads(text)["event"] == "it failed"
        assert "in two lines" in json.loads(text)["exception"]
