from __future__ import annotations

import pytest

from apps.core.api.service_paths import ServiceConverter, database_of, services_with_a_database


class TestServicePaths:
    def test_name_the_services_of_this_process_that_keep_something(self):
        assert services_with_a_database() == ["iam", "business"]
        assert [database_of(service) for service in services_with_a_database()] == ["default", "business"]

    def test_do_not_match_a_service_that_keeps_nothing_or_is_not_there(self):
        for name in ("gateway", "nonsense"):
            with pytest.raises(ValueError):
                ServiceConverter().to_python(name)

    def test_do_not_match_a_service_of_another_process(self, settings):
        settings.SERVICES = ["business"]

        assert ServiceConverter().to_python("business") == "business"
        with pytest.raises(ValueError):
            ServiceConverter().to_python("iam")
