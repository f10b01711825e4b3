"""What people say of themselves, what tokens tell of it, and locks as administrators see them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from apps.core.errors import PreconditionFailed
from apps.core.observability.redaction import redacted_text
from apps.core.tenancy import tenant
from apps.iam.credentials import commands
from apps.iam.credentials.links import Purpose, signed
from apps.iam.oidc import throttle
from apps.iam.users import commands as users
from apps.iam.users import queries as people
from apps.iam.users.commands import ProfileChange
from apps.iam.users.errors import InvalidMember, MemberNotFound

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(ada, company):
    from tests.callers import Caller

    return Caller(ada.id, company.id, "", ada.email).client()


@pytest.fixture
def browser_of(company):
    from tests.callers import Caller

    def browser(user):
        token = Caller(user.id, company.id, "", user.email).token()
        return Client(headers={"authorization": f"Bearer {token}", "accept": "text/html"})

    return browser


class TestUpdateProfile:
    def test_changes_what_is_given_and_nothing_else(self, ada):
        change = ProfileChange(locale="nb-NO", time_zone="Europe/Oslo", sign_in_alerts=False)

        users.update_profile(user_id=ada.id, change=change)

        user = people.user(ada.id)
        assert (user.locale, user.time_zone, user.sign_in_alerts) == ("nb-NO", "Europe/Oslo", False)
        assert user.name == ada.name

    def test_renames_where_the_person_was_called_so(self, ada, other_company, member, published):
        with tenant(other_company.id):
            member(user=ada, name="Countess")

        for _ in range(2):
            users.update_profile(user_id=ada.id, change=ProfileChange(name="Ada King"))

        assert people.member(ada.id).name == "Ada King"
        with tenant(other_company.id):
            assert people.member(ada.id).name == "Countess"
        assert [event.name for event in published if type(event).__name__ == "MemberUpdated"] == ["Ada King"]

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"name": " "}, "name"),
            ({"locale": "English"}, "locale"),
            ({"locale": "en_GB"}, "locale"),
            ({"time_zone": "Mars/Olympus"}, "time_zone"),
            ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ],
    )
    def test_refuses_what_is_not_well_formed(self, ada, change, field):
        with pytest.raises(InvalidMember) as refused:
            users.update_profile(user_id=ada.id, change=ProfileChange(**change))

        assert list(refused.value.errors) == [field]

    def test_refuses_an_older_version(self, ada):
        users.update_profile(user_id=ada.id, change=ProfileChange(name="Ada King"), expected_version=ada.version)

        with pytest.raises(PreconditionFailed):
            users.update_profile(user_id=ada.id, change=ProfileChange(name="Ada"), expected_version=ada.version)


class TestMe:
    def test_shows_and_changes_the_profile(self, api, ada):
        before = api.get("/api/v1/me")
        after = api.patch(
            "/api/v1/me",
            {"name": "Ada King", "time_zone": "Europe/London"},
            content_type="application/json",
            headers={"if-match": before["ETag"]},
        )
        late = api.patch(
            "/api/v1/me", {"name": "A"}, content_type="application/json", headers={"if-match": before["ETag"]}
        )

        assert before.json()["data"]["profile"] == {
            "name": "Ada Lovelace",
            "email": ada.email,
            "email_verified": False,
            "locale": "en-GB",
            "time_zone": "UTC",
            "sign_in_alerts": True,
        }
        assert (after.status_code, after.json()["data"]["profile"]["time_zone"]) == (200, "Europe/London")
        assert after["ETag"] != before["ETag"]
        assert late.status_code == 412

    def test_says_what_is_wrong(self, api):
        answer = api.patch("/api/v1/me", {"time_zone": "Mars"}, content_type="application/json")

        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["time_zone"])


class TestPage:
    def test_shows_and_saves_the_profile(self, ada, browser_of):
        browser = browser_of(ada)
        form = {"name": "Ada King", "locale": "en-GB", "time_zone": "Europe/London"}

        shown = browser.get("/account/").content.decode()
        wrong = browser.post("/account/", {**form, "locale": "English"})
        saved = browser.post("/account/", form)

        user = people.user(ada.id)
        assert "Not confirmed" in shown
        assert 'aria-current="page"' in shown
        assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, ["locale"])
        assert saved.status_code == 302
        assert (user.name, user.time_zone, user.sign_in_alerts) == ("Ada King", "Europe/London", False)

    def test_is_reached_from_every_page(self, ada, browser_of):
        assert 'href="/account/"' in browser_of(ada).get("/account/security/").content.decode()


class TestClaims:
    def test_tell_of_the_confirmed_address(self, ada):
        from apps.iam.oidc.validator import Validator, _of_person

        users.verify_email(user_id=ada.id, now=timezone.now())

        claims = _of_person(people.user(ada.id))
        assert (claims["email_verified"], claims["zoneinfo"], claims["locale"]) == (True, "UTC", "en-GB")
        assert set(claims) <= set(Validator.oidc_claim_scope)


class TestLock:
    @pytest.fixture
    def locked(self, ada, settings):
        settings.SIGN_IN_FAILURES = 1
        stranger = SimpleNamespace(META={"REMOTE_ADDR": "192.0.2.1"}, COOKIES={}, method="POST")
        return throttle.count_failure(stranger, ada.email)

    def test_is_seen_and_lifted_by_the_api(self, ada, locked, owner, client_of, recorded, company):
        api, path = client_of(owner), f"/api/v1/users/{ada.id}/lock"

        before = api.get(path).json()["data"]
        lifted = [api.delete(path).status_code for _ in range(2)]
        after = api.get(path).json()["data"]

        assert (bool(before["locked_until"]), before["everywhere"]) == (True, False)
        assert lifted == [204, 204]
        assert after == {"locked_until": None, "everywhere": False}
        assert recorded() == [("member.changed", ada.id, company.id)]

    def test_is_seen_and_lifted_on_the_persons_page(self, ada, locked, owner, browser_of):
        browser = browser_of(owner.user)

        shown = browser.get(f"/people/{ada.id}/").content.decode()
        lifted = browser.post(f"/people/{ada.id}/unlocking")

        assert "Locked out after wrong passwords" in shown
        assert lifted.status_code == 302
        assert throttle.lock_of(ada.email) is None

    def test_of_another_companys_person_is_none_of_ours(self, ada, locked, other_company):
        with tenant(other_company.id), pytest.raises(MemberNotFound):
            commands.lift_lock(user_id=ada.id)

        assert throttle.lock_of(ada.email) is not None

    def test_is_for_who_manages_people(self, ada, locked, client_of, member):
        path, clerk = f"/api/v1/users/{ada.id}/lock", client_of(member("clerk"))

        assert (clerk.get(path).status_code, clerk.delete(path).status_code) == (403, 403)


class TestPeoplePages:
    def test_show_send_again_and_take_back_an_invitation(self, owner, browser_of, outbox):
        browser = browser_of(owner.user)

        invited = browser.post("/people/invite", {"email": "grace@mail.example", "name": "Grace", "role": ["clerk"]})
        path = f"/people/{people.user_by_email('grace@mail.example').id}/"
        shown = browser.get(path).content.decode()
        sent = browser.post(f"{path}invitation")
        browser.post(f"{path}invitation/revocation")
        revoked = browser.get(path).content.decode()
        listed = browser.get("/people/").content.decode()

        assert "A link to join is on its way" in invited.content.decode()
        assert "not joined yet" in shown
        assert (sent.status_code, len(outbox())) == (302, 2)
        assert "was taken back" in revoked
        assert "Taken back" in listed


def test_links_are_kept_out_of_logs(ada):
    for purpose in Purpose:
        token = signed(purpose, ada, email=ada.email)

        assert redacted_text(f"GET /sign-in/reset/{token} 200") == "GET /sign-in/reset/[redacted] 200"
