from __future__ import annotations

from types import SimpleNamespace

import pytest

from apps.core.testing.contexts import INTEGRATION, UNIT, commits, context_of, uses_database


def item(path: str, request: pytest.FixtureRequest) -> SimpleNamespace:
    """This test, as if it lay in another file."""
    config = request.config
    return SimpleNamespace(path=config.rootpath / path, config=config, get_closest_marker=lambda name: None)


class TestTheContext:
    def test_of_a_test_beside_its_feature_is_unit(self, request):
        assert context_of(request.node) == UNIT

    @pytest.mark.django_db
    def test_stays_unit_with_a_database_that_is_rolled_back(self, request):
        assert (context_of(request.node), uses_database(request.node)) == (UNIT, True)

    @pytest.mark.django_db(transaction=True)
    def test_is_integration_where_a_test_commits(self, request):
        assert (context_of(request.node), commits(request.node)) == (INTEGRATION, True)

    @pytest.mark.parametrize(
        ("path", "context"),
        [
            ("tests/architecture/test_tables.py", INTEGRATION),
            ("apps/iam/users/tests/test_api.py", INTEGRATION),
            ("apps/iam/users/tests/test_pages_of_people.py", INTEGRATION),
            ("apps/iam/users/tests/test_names.py", UNIT),
        ],
    )
    def test_follows_the_file(self, request, path, context):
        assert context_of(item(path, request)) == context
