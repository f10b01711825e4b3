from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string

from apps.gateway import edge


class TestAnswer:
    def test_is_what_the_web_process_asks(self) -> None:
        assert import_string(settings.EDGE) is edge.answer

    def test_every_request_goes_on_to_the_application(self) -> None:
        assert edge.answer(b"GET", b"/api/v1/products", [(b"host", b"localhost")]) is None
