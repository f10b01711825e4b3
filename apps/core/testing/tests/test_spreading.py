from __future__ import annotations

from apps.core.testing.spreading import scope_of


def test_journeys_that_share_a_platform_go_to_one_process():
    files = [f"tests/journeys/shared/test_{name}.py::TestIt::test_it" for name in ("console", "mail", "sign_in")]

    assert len({scope_of(file) for file in files}) == 1


def test_other_files_go_wherever_there_is_room():
    files = ["tests/journeys/test_running.py", "apps/iam/users/tests/test_api.py", "apps/iam/users/tests/test_pages.py"]

    assert [scope_of(f"{file}::TestIt::test_it[a::b]") for file in files] == files
