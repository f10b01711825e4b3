"""The probes as Django views, for servers without the web process."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.test import RequestFactory

from apps.core.web import health, metrics, readiness
from apps.core.web.urls import urlpatterns


@pytest.fixture
def checks(settings: object) -> Iterator[None]:
    """One check of our own instead of the platform's servers."""
    settings.PRIMARY_ALIASES, settings.REDIS_URL, settings.CACHE_REDIS_URL = [], "", ""  # type: ignore[attr-defined]
    settings.READINESS_CHECKS = ["django.utils.timezone.now"]  # type: ignore[attr-defined]
    readiness.readiness.cache_clear()
    yield
    readiness.readiness.cache_clear()


class TestViews:
    def test_livez_asks_nobody(self) -> None:
        assert health.livez(RequestFactory().get("/livez")).status_code == 200

    def test_readyz_and_startupz_list_the_checks(self, checks: None) -> None:
        for view in (health.readyz, health.startupz):
            response = view(RequestFactory().get("/"))
            assert response.status_code == 200
            assert json.loads(response.content)["status"] == "ready"

        names = [check["name"] for check in json.loads(health.readyz(RequestFactory().get("/")).content)["checks"]]
        assert names == ["django.utils.timezone.now", "draining"]

    @pytest.mark.django_db
    def test_metrics_is_prometheus_text(self) -> None:
        response = metrics.metrics(RequestFactory().get("/metrics"))

        assert response["Content-Type"].startswith("text/plain")
        assert b"web_threads_busy" in response.content

    def test_all_four_have_their_address(self) -> None:
        assert [str(pattern.pattern) for pattern in urlpatterns] == ["livez", "startupz", "readyz", "metrics"]
