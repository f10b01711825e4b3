"""What people and programs see of jobs, and may do with them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from django.test import Client
from django.utils import timezone

from apps.core.history import Actor
from apps.core.jobs import enqueue
from apps.core.jobs.models import Job
from apps.core.jobs.testing import run_jobs
from apps.core.jobs.tests import things
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db

API, PAGES = "/api/v1/services/business/jobs", "/services/business/jobs/"


@dataclass
class Person:
    """Somebody with a role, who may have things counted."""

    caller: object

    def asks(self, to=3, **options):
        actor = Actor(kind="user", id=self.caller.user_id, name="Pat")
        with tenant(self.caller.tenant_id):
            return enqueue(things.count, {"to": to}, actor=actor, now=timezone.now(), using="business", **options)

    @property
    def api(self):
        return self.caller.client()

    @property
    def browser(self):
        return Client(headers={"authorization": f"Bearer {self.caller.token()}", "accept": "text/html"})


@pytest.fixture
def person(caller):
    return lambda role="manager", **options: Person(caller(role, **options))


@pytest.fixture
def run(in_tenant):
    return lambda: run_jobs("business")


def dies():
    raise things.Nonsense("there is no such number")


class TestApi:
    def test_shows_a_job_and_what_came_of_it(self, person, run):
        pat = person()
        found = pat.asks(about="three sheep")
        waiting = pat.api.get(f"{API}/{found.id}").json()["data"]
        run()
        answer = pat.api.get(f"{API}/{found.id}")
        done = answer.json()["data"]

        assert (waiting["state"], waiting["progress"], waiting["link"]) == ("queued", None, "")
        assert (done["state"], done["progress"], done["result"]) == ("succeeded", 100, {"counted": 3})
        assert (done["title"], done["about"], done["service"]) == ("Count", "three sheep", "business")
        assert done["link"] == f"/counts/{found.id}/3"
        assert pat.api.get(f"{API}/{found.id}", headers={"if-none-match": answer["ETag"]}).status_code == 304

    def test_lists_everybodys_to_managers_and_to_others_their_own(self, person):
        pat, vic = person("manager"), person("viewer")
        first, second = pat.asks(), vic.asks()

        assert [row["id"] for row in pat.api.get(API).json()["data"]] == [str(second.id), str(first.id)]
        assert [row["id"] for row in vic.api.get(API).json()["data"]] == [str(second.id)]
        assert vic.api.get(f"{API}/{first.id}").status_code == 404

    def test_narrows_the_list(self, person, run):
        pat, vic = person(), person("viewer")
        mine = pat.asks()
        vic.asks()
        run()
        last = vic.asks()

        def ids(query):
            return [row["id"] for row in pat.api.get(f"{API}?{query}").json()["data"]]

        assert ids("state=queued") == [str(last.id)]
        assert ids("mine=true") == [str(mine.id)]
        assert len(ids("name=jobs.count")) == 3
        assert ids("name=orders.import_invoices") == []
        assert pat.api.get(f"{API}?state=lost").status_code == 422

    def test_lets_people_call_off_and_begin_again_what_they_asked_for(self, person):
        vic = person("viewer")
        found = vic.asks()

        assert vic.api.post(f"{API}/{found.id}/cancellation").json()["data"]["state"] == "cancelled"
        assert vic.api.post(f"{API}/{found.id}/retrial").json()["data"]["state"] == "queued"

    def test_lets_only_those_with_the_permission_touch_what_others_asked_for(self, person, run):
        pat, vic = person(), person("viewer")
        mine, theirs = pat.asks(), vic.asks()

        assert vic.api.post(f"{API}/{mine.id}/cancellation").status_code == 404
        assert pat.api.post(f"{API}/{theirs.id}/cancellation").status_code == 200
        run()
        assert pat.api.post(f"{API}/{mine.id}/cancellation").json()["code"] == "job_ended"
        assert pat.api.post(f"{API}/{mine.id}/retrial").status_code == 409

    def test_names_the_missing_permission_to_who_may_only_look(self, person):
        found = person("viewer").asks()
        looking = {"code": "looking", "label": "Looking", "permissions": ["jobs.view"]}
        assert person("owner").api.post("/api/v1/roles", looking).status_code == 201

        answer = person("looking").api.post(f"{API}/{found.id}/cancellation")

        assert (answer.status_code, answer.json()["permission"]) == (403, "jobs.manage")

    def test_shows_the_traceback_to_those_who_manage_jobs(self, person, run):
        vic = person("viewer")
        found = vic.asks()
        things.at[1] = dies
        run()

        def seen(by):
            return by.api.get(f"{API}/{found.id}").json()["data"]

        assert seen(vic)["reason"] == "nonsense: there is no such number"
        assert seen(vic)["traceback"] is None
        assert "in dies" in seen(person())["traceback"]

    def test_shows_nothing_of_another_tenant_or_another_service(self, person, other_tenant_id):
        stranger, pat = person(tenant_id=other_tenant_id), person()
        found = stranger.asks()

        assert pat.api.get(f"{API}/{found.id}").status_code == 404
        assert pat.api.get(API).json()["data"] == []
        assert stranger.api.get(f"/api/v1/services/iam/jobs/{found.id}").status_code == 404
        assert stranger.api.get(f"/api/v1/services/gateway/jobs/{found.id}").status_code == 404


class TestPages:
    def test_offer_the_kinds_of_work_of_the_service_to_narrow_by(self, person):
        page = person().browser.get(f"{PAGES}?name=orders.import_invoices").content.decode()

        assert re.search(r'value="orders.import_invoices"\s+selected>Import invoices<', page)
        assert not re.search(r'value="orders.import_invoices"\s+selected', person().browser.get(PAGES).content.decode())

    def test_say_that_there_is_none(self, person):
        assert "No jobs" in person().browser.get(PAGES).content.decode()

    def test_ask_again_while_any_job_goes_on(self, person, run):
        pat = person()
        found = pat.asks(about="three sheep")

        for path in (PAGES, f"{PAGES}{found.id}/"):
            page = pat.browser.get(path).content.decode()
            assert 'hx-trigger="every' in page
            assert "three sheep" in page
        run()
        for path in (PAGES, f"{PAGES}{found.id}/"):
            assert 'hx-trigger="every' not in pat.browser.get(path).content.decode()

    def test_show_a_bar_while_it_runs(self, person, run):
        pat, seen = person(), []
        found = pat.asks(to=4)
        things.at[4] = lambda: seen.append(pat.browser.get(f"{PAGES}{found.id}/").content.decode())
        run()

        assert '<progress max="100" value="75"' in seen[0]
        assert "3 of 4 counting" in seen[0]

    def test_cancel_and_begin_again(self, person):
        pat = person()
        found = pat.asks()
        here = f"{PAGES}{found.id}/"

        assert "Cancel" in pat.browser.get(here).content.decode()
        assert pat.browser.post(f"{here}cancellation")["Location"] == here
        assert "Begin again" in pat.browser.get(here).content.decode()
        assert pat.browser.post(f"{here}retrial")["Location"] == here
        with tenant(pat.caller.tenant_id):
            assert Job.objects.using("business").get().state == "queued"

    def test_raise_a_badge_for_what_died_until_somebody_deals_with_it(self, person, run):
        pat = person()
        found = pat.asks()
        things.at[1] = dies
        assert "badge" not in pat.browser.get(f"{PAGES}dead").content.decode()
        run()

        assert ">1<" in pat.browser.get(f"{PAGES}dead").content.decode()
        assert f"{PAGES}dead" in pat.browser.get(PAGES).content.decode()
        page = pat.browser.get(f"{PAGES}{found.id}/").content.decode()
        assert "there is no such number" in page
        assert "Traceback" in page
        pat.browser.post(f"{PAGES}{found.id}/cancellation")
        assert "badge" not in pat.browser.get(f"{PAGES}dead").content.decode()
