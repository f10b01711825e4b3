from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from apps.core.db.ids import uuid7
from apps.core.jobs.testing import run_jobs
from apps.core.jobs.tests import things
from apps.core.jobs.tests.conftest import USING

pytestmark = pytest.mark.django_db


@pytest.fixture
def manage(tenant_id):
    def call(*arguments):
        out = io.StringIO()
        call_command("jobs", "--tenant", str(tenant_id), *map(str, arguments), stdout=out)
        return out.getvalue()

    return call


def dies():
    raise things.Nonsense("there is no such number")


class TestJobs:
    def test_lists_what_there_is(self, ask, manage):
        found = ask(about="three sheep")

        told = manage("list")

        assert f"{found.id}  business  jobs.count  three sheep  queued" in told
        assert manage("list", "--state", "dead").strip() == "0 jobs"

    def test_shows_one_with_its_steps_and_its_result(self, ask, manage):
        found = ask()
        run_jobs(USING)

        told = manage("show", found.id)

        assert "queued  by Ada Lovelace" in told
        assert '"counted": 3' in told

    def test_follows_one_until_it_is_over(self, ask, manage):
        found = ask()
        run_jobs(USING)

        assert "succeeded  100 %" in manage("follow", found.id)

    def test_ends_with_an_error_when_the_followed_one_did_not_succeed(self, ask, manage):
        found = ask()
        things.at[1] = dies
        run_jobs(USING)

        with pytest.raises(CommandError, match=r"^the job is dead: nonsense: there is no such number$"):
            manage("follow", found.id)

    def test_cancels_and_retries(self, ask, manage):
        found = ask()

        assert "is cancelled" in manage("cancel", found.id)
        assert "is queued" in manage("retry", found.id)
        run_jobs(USING)
        with pytest.raises(CommandError, match="job_ended"):
            manage("cancel", found.id)

    def test_says_in_one_line_that_there_is_no_such_job(self, manage):
        with pytest.raises(CommandError, match=r"^job_not_found: there is no job \S+ in this tenant$"):
            manage("show", uuid7())
