"""The security log over HTTP: search, one record, verification, export, and one's own activity."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.core.db.ids import uuid7
from apps.core.tenancy import PLATFORM, no_tenant, tenant
from apps.iam.audit import files
from apps.iam.audit.kinds import Kind
from apps.iam.audit.models import SecurityRecord

pytestmark = pytest.mark.django_db

SAM = {"impersonator_id": uuid7(), "impersonator_name": "Sam Smith"}
HTML = {"accept": "text/html"}


def kinds_of(response):
    assert response.status_code == 200, response.content
    return [event["kind"] for event in response.json()["data"]]


def body_of(response):
    """Read when the request, and so its tenant, is long over."""
    with no_tenant():
        return b"".join(response.streaming_content).decode()


class TestSecurityEvents:
    def test_come_newest_first_and_page_by_page(self, owner, client_of, happened):
        happened(Kind.SIGNED_IN), happened(Kind.SIGNED_OUT), happened(Kind.TOKEN_ISSUED)
        client = client_of(owner)

        first = client.get("/api/v1/security-events?limit=2").json()
        second = client.get(first["meta"]["links"]["next"]).json()

        assert [event["sequence"] for event in first["data"]] == [3, 2]
        assert [event["sequence"] for event in second["data"]] == [1]
        assert second["meta"]["next"] is None

    def test_say_in_a_sentence_who_did_what_in_whose_name(self, owner, client_of, happened):
        happened(Kind.PASSWORD_CHANGED, subject_id=owner.user_id, actor_name="Ada King", **SAM)

        (event,) = client_of(owner).get("/api/v1/security-events").json()["data"]

        assert event["sentence"] == "Sam Smith as Ada King changed Olive Hart's password"
        assert (event["subject_name"], event["impersonator_name"]) == ("Olive Hart", "Sam Smith")

    def test_are_narrowed(self, owner, member, client_of, happened):
        ada, client = member("clerk", name="Ada King"), client_of(owner)
        session, actor = "the-session", uuid7()
        happened(Kind.SIGNED_IN, subject_id=ada.user_id, session_id=session, actor_name="Zed", address="192.0.2.7")
        happened(Kind.SIGN_IN_FAILED, outcome="failure", actor_name="Zed", reason="Wrong password")
        happened(Kind.ROLES_ASSIGNED, actor_id=actor, actor_name="Émile Zola", **SAM)

        def found(query):
            return kinds_of(client.get(f"/api/v1/security-events?{query}"))

        assert found("kind=sign_in.failed") == ["sign_in.failed"]
        assert found("group=sign_in") == ["sign_in.failed", "sign_in.succeeded"]
        assert found("outcome=failure") == ["sign_in.failed"]
        assert found(f"actor={actor}") == found(f"actor={SAM['impersonator_id']}") == ["roles.assigned"]
        assert found(f"subject={ada.user_id}") == found(f"session={session}") == ["sign_in.succeeded"]
        assert found("address=192.0.2.7") == found("q=ada") == ["sign_in.succeeded"]
        assert found("q=ÉMILE%20z") == ["roles.assigned"]
        assert found("q=wrong") == ["sign_in.failed"]
        assert found("q=nobody") == []

    def test_are_narrowed_by_day_and_by_moment(self, owner, client_of, happened):
        happened()
        client, today = client_of(owner), timezone.now().date()
        tomorrow, yesterday = today + timedelta(days=1), today - timedelta(days=1)

        def count(query):
            return len(kinds_of(client.get(f"/api/v1/security-events?{query}")))

        assert count(f"from={yesterday}&to={tomorrow}") == 1
        assert count(f"from={tomorrow + timedelta(days=1)}") == count(f"to={yesterday - timedelta(days=1)}") == 0
        soon = (timezone.now() + timedelta(minutes=1)).isoformat().replace("+00:00", "Z")
        assert (count(f"to={soon}"), count(f"from={soon}")) == (1, 0)

    @pytest.mark.parametrize(
        "query", ["from=yesterday", "to=9999-12-31", "kind=gossip", "group=x", "actor=me", "outcome=x", "colour=red"]
    )
    def test_refuse_what_makes_no_sense(self, owner, client_of, query):
        response = client_of(owner).get(f"/api/v1/security-events?{query}")

        assert response.status_code == 422
        assert query.partition("=")[0] in response.json()["errors"]

    def test_stay_in_the_company(self, owner, client_of, happened, other_company):
        theirs = happened(chain=other_company.id)
        client = client_of(owner)

        assert kinds_of(client.get("/api/v1/security-events")) == []
        assert client.get(f"/api/v1/security-events/{theirs.event_id}").status_code == 404

    def test_are_refused_to_clerks(self, member, client_of):
        for path in ("", "/verification", "/export", f"/{uuid7()}"):
            response = client_of(member("clerk")).get(f"/api/v1/security-events{path}")

            assert response.status_code == 403, path

    def test_are_shown_one_by_one(self, owner, client_of, happened):
        record = happened(Kind.SIGNED_IN, subject_id=owner.user_id)

        event = client_of(owner).get(f"/api/v1/security-events/{record.event_id}").json()["data"]

        assert (event["hash"], event["sequence"], event["sentence"]) == (record.hash, 1, "Olive Hart signed in")

    def test_take_the_same_number_of_statements_for_many(self, owner, client_of, happened, django_assert_num_queries):
        client = client_of(owner)
        happened(subject_id=owner.user_id)
        with CapturedQueries() as one:
            client.get("/api/v1/security-events")
        for _ in range(5):
            happened()
        with CapturedQueries() as many:
            client.get("/api/v1/security-events")

        assert len(many) == len(one)


class TestVerification:
    def test_tells_that_all_is_well_and_gives_a_checkpoint(self, owner, client_of, happened):
        happened(), happened()

        found = client_of(owner).get("/api/v1/security-events/verification").json()["data"]

        assert (found["intact"], found["records"], found["head"], found["next"]) == (True, 2, 2, None)
        assert found["checkpoint"].count(".") == 2
        assert found["keys"][0]["crv"] == "Ed25519"

    def test_goes_on_where_it_is_told_to(self, owner, client_of, happened, settings):
        settings.AUDIT_VERIFY_RECORDS = 2
        for _ in range(5):
            happened()
        client = client_of(owner)

        newest = client.get("/api/v1/security-events/verification").json()["data"]
        first = client.get("/api/v1/security-events/verification?from=1").json()["data"]
        last = client.get("/api/v1/security-events/verification?from=5").json()["data"]

        assert (newest["checked_from"], newest["checked_to"], newest["next"]) == (4, 5, None)
        assert (first["checked_from"], first["checked_to"], first["next"]) == (1, 2, 3)
        assert (last["checked_from"], last["checked_to"], last["next"]) == (5, 5, None)

    def test_of_nothing_is_no_problem(self, owner, client_of):
        found = client_of(owner).get("/api/v1/security-events/verification").json()["data"]

        assert (found["intact"], found["checked_from"], found["checkpoint"]) == (True, None, None)

    def test_refuses_a_place_that_is_none(self, owner, client_of):
        assert client_of(owner).get("/api/v1/security-events/verification?from=0").status_code == 422


class TestExport:
    def test_gives_json_lines_that_verify_without_a_database(self, owner, client_of, happened):
        for _ in range(3):
            happened(reason="ünï")

        response = client_of(owner).get("/api/v1/security-events/export")

        assert response["Content-Type"].startswith("application/x-ndjson")
        assert response["Content-Disposition"].endswith('.jsonl"')
        text = body_of(response)
        assert [json.loads(line).get("sequence") for line in text.splitlines()] == [1, 2, 3, None]
        report = files.verify_file(io.StringIO(text))
        assert (report.problems, report.records, report.complete) == ([], 3, True)

    def test_gives_csv_that_no_spreadsheet_calculates(self, owner, client_of, happened):
        happened(user_agent="=cmd|' /C calc'!A0", reason="'quoted'", details={"a": "1"})

        text = body_of(client_of(owner).get("/api/v1/security-events/export?format=csv"))

        (row,) = csv.DictReader(io.StringIO(text, newline=""))
        assert row["user_agent"].startswith("'=cmd")
        report = files.verify_file(io.StringIO(text, newline=""))
        assert (report.problems, report.records, report.complete) == ([], 1, None)

    def test_holds_what_the_filters_say(self, owner, client_of, happened):
        happened(Kind.SIGNED_IN), happened(Kind.SIGNED_OUT), happened(Kind.SIGNED_IN)

        text = body_of(client_of(owner).get("/api/v1/security-events/export?kind=sign_in.succeeded&format=jsonl"))

        report = files.verify_file(io.StringIO(text))
        assert (report.problems, report.records, report.complete, report.gaps) == ([], 2, False, 1)

    def test_is_itself_recorded(self, owner, client_of, happened, drain, company):
        happened()
        drain()
        body_of(client_of(owner).get("/api/v1/security-events/export?format=csv&group=sign_in"))

        drain()

        with tenant(company.id):
            record = SecurityRecord.objects.order_by("-sequence").first()
        assert (record.kind, record.actor_name) == ("audit.exported", "Olive Hart")
        assert record.details == {"format": "csv", "filter_group": "sign_in"}

    def test_is_for_owners_only(self, member, client_of):
        response = client_of(member("manager")).get("/api/v1/security-events/export")

        assert response.status_code == 403
        assert response.json()["permission"] == "audit.export"

    def test_takes_whatever_the_client_accepts(self, owner, client_of):
        response = client_of(owner).get("/api/v1/security-events/export", headers={"accept": "application/x-ndjson"})

        assert response.status_code == 200

    def test_refuses_another_format(self, owner, client_of):
        response = client_of(owner).get("/api/v1/security-events/export?format=xml")

        assert response.status_code == 422
        assert list(response.json()["errors"]) == ["format"]


class TestMySecurityEvents:
    def test_are_what_is_about_me_in_every_tenant(self, member, client_of, happened, other_company):
        me = member("clerk", name="Ada King")
        happened(Kind.SIGNED_IN, chain=PLATFORM, subject_id=me.user_id)
        happened(Kind.ROLES_ASSIGNED, subject_id=me.user_id)
        happened(Kind.API_KEY_CREATED, chain=other_company.id, subject_id=me.user_id)
        happened(Kind.SIGNED_OUT), happened(Kind.SIGNED_OUT, chain=PLATFORM)
        client = client_of(me)

        assert kinds_of(client.get("/api/v1/me/security-events")) == [
            "api_key.created",
            "roles.assigned",
            "sign_in.succeeded",
        ]
        assert kinds_of(client.get("/api/v1/me/security-events?group=sign_in")) == ["sign_in.succeeded"]

    def test_name_me(self, member, client_of, happened):
        me = member("clerk", name="Ada King")
        happened(Kind.SIGNED_IN, chain=PLATFORM, subject_id=me.user_id, actor_kind="system", actor_name="system")

        (event,) = client_of(me).get("/api/v1/me/security-events").json()["data"]

        assert event["sentence"] == "Ada King signed in"


class TestPages:
    def test_list_what_happened(self, owner, client_of, happened):
        happened(Kind.ROLES_ASSIGNED, subject_id=owner.user_id, **SAM)

        page = client_of(owner).get("/audit/security/", headers=HTML).content.decode()

        assert "Sam Smith as Ada King changed the roles of Olive Hart" in page
        assert f"/people/{owner.user_id}/" in page
        assert "/audit/security/export?format=jsonl" in page

    def test_keep_the_filters_in_the_links_to_the_export(self, owner, client_of, happened):
        happened(Kind.SIGNED_IN)

        page = client_of(owner).get("/audit/security/?group=sign_in&kind=", headers=HTML).content.decode()

        assert "/audit/security/export?format=csv&amp;group=sign_in" in page or "format=csv&group=sign_in" in page

    def test_say_that_nothing_happened_yet(self, owner, client_of):
        assert "Nothing has happened yet" in client_of(owner).get("/audit/security/", headers=HTML).content.decode()

    def test_say_what_is_wrong_with_a_filter(self, owner, client_of):
        response = client_of(owner).get("/audit/security/?from=yesterday&actor=x", headers=HTML)

        assert response.status_code == 200
        assert len(response.context["filter_errors"]) == 2

    def test_show_one_record_in_full(self, owner, client_of, happened):
        record = happened(Kind.ACCESS_DENIED, outcome="denied", details={"permission": "orders.view"}, **SAM)

        page = client_of(owner).get(f"/audit/security/{record.event_id}/", headers=HTML).content.decode()

        assert record.hash in page
        assert "orders.view" in page
        assert "Sam Smith acted as Ada King" in page

    def test_verify(self, owner, client_of, happened):
        happened()

        page = client_of(owner).get("/audit/security/verification", headers=HTML).content.decode()

        assert "The records are what was written" in page

    def test_export(self, owner, client_of, happened):
        happened()

        response = client_of(owner).get("/audit/security/export?format=csv", headers=HTML)

        assert "attachment" in response["Content-Disposition"]
        assert body_of(response).count("\n") == 2

    def test_show_people_their_own_activity(self, member, client_of, happened):
        me = member("clerk", name="Ada King")
        happened(Kind.SIGNED_IN, chain=PLATFORM, subject_id=me.user_id)

        page = client_of(me).get("/account/activity/", headers=HTML).content.decode()

        assert "Ada King signed in" in page
        assert "/audit/security/" not in page


class CapturedQueries:
    """The statements on the default database."""

    def __enter__(self):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        self._context = CaptureQueriesContext(connection)
        return self._context.__enter__()

    def __exit__(self, *error):
        return self._context.__exit__(*error)
