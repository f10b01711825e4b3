"""Policies over REST: made as text or rule, checked, changed, switched, removed and restored."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.core.tenancy import no_tenant, tenant
from apps.iam.approvals import commands as approvals
from apps.iam.audit.kinds import Kind
from apps.iam.policies import queries
from apps.iam.policies.tests.factories import NOBODY_CANCELS, PolicyFactory
from tests.callers import JsonClient, access_token

pytestmark = pytest.mark.django_db

POLICIES = "/api/v1/policies"


@pytest.fixture
def api(owner, client_of):
    return client_of(owner)


@pytest.fixture
def send(api):
    """Sends JSON: `send("post", path, {…}, **headers)`."""

    def send(method: str, path: str, body: dict | None = None, **headers: str):
        return getattr(api, method)(path, body or {}, content_type="application/json", headers=headers)

    return send


def made(send, **body):
    return send("post", POLICIES, body, **{"Idempotency-Key": f"key-{body.get('name')}-000000"})


class TestPolicies:
    def test_makes_one_in_cedar_that_holds_at_once(self, send, member, client_of):
        manager = client_of(member("manager"))
        refused = {"policies": ["No lists"], "reason": "forbidden_by_policy", "permission": "users.view"}
        assert manager.get("/api/v1/users").status_code == 200

        response = made(send, name="No lists", text='forbid (principal, action == Action::"users.view", resource);')

        data = response.json()["data"]
        assert (response.status_code, data["rule"], data["enabled"]) == (201, None, True)
        assert response["Location"] == f"{POLICIES}/{data['id']}"
        answer = manager.get("/api/v1/users")
        assert answer.status_code == 403
        assert {name: answer.json()[name] for name in refused} == refused

    def test_makes_one_as_a_rule(self, send):
        rule = {
            "permissions": ["orders.cancel"],
            "resource": "order",
            "roles": ["clerk"],
            "when": {
                "amount_over": 100000,
                "owner": "others",
                "status": ["placed"],
                "outside_networks": ["10.0.0.0/8", "2001:db8::/32"],
                "outside_hours": {"from": 8, "to": 18},
                "outside_weekdays": ["mon", "tue"],
                "below_acr": "aal2",
                "signed_in_longer_than_s": 3600,
                "method": ["api_key"],
                "impersonated": False,
            },
        }

        data = made(send, name="Big ones", rule=rule).json()["data"]

        assert data["rule"] == rule
        assert data["text"].count("\nwhen {") == 11

    def test_repeats_what_it_made(self, send):
        first, again = (made(send, name="Twice", text=NOBODY_CANCELS) for _ in range(2))

        assert (first.status_code, again.json()["data"]["id"]) == (201, first.json()["data"]["id"])

    def test_says_what_is_wrong_and_where(self, send):
        response = made(send, name="Wrong", text="forbid (principal, action, resource)\nwhen { context.hourr > 3 };")

        body = response.json()
        assert (response.status_code, body["code"]) == (422, "invalid_policy")
        assert [(one["line"], one["column"]) for one in body["problems"]] == [(2, 16)]
        assert body["errors"]["text"][0].startswith("line 2, column 16: ")

    @pytest.mark.parametrize(
        ("rule", "says"),
        [
            ({"resource": "ship"}, "resource: one of customer, group, order, product"),
            ({"when": {"amount_over": 5}}, "when.amount_over: needs a resource that has one: order, product"),
            ({"when": {"outside_networks": ["10.0.0.1/8"]}}, "networks such as 10.0.0.0/8"),
            ({"when": {"outside_hours": {"from": 9, "to": 9}}}, "full hours"),
            ({"when": {"outside_weekdays": ["monday"]}}, "some of: mon, tue"),
            ({"permissions": ["orders.cancle"]}, "did you mean orders.cancel?"),
            ({"roles": ["clrk"]}, "did you mean clerk?"),
            ({"roles": ['x"; permit']}, "there is no role"),
            ({"permissions": ["orders.cancel"], "resource": "product"}, "such an object"),
        ],
    )
    def test_says_what_is_wrong_with_a_rule(self, send, rule, says):
        response = made(send, name="Wrong", rule=rule)

        assert response.status_code == 422
        assert says in str(response.json()["errors"]["rule"])

    def test_takes_a_text_or_a_rule(self, send):
        both = made(send, name="Both", text=NOBODY_CANCELS, rule={})
        neither = made(send, name="Neither")

        assert (both.status_code, neither.status_code) == (422, 422)

    def test_lists_and_filters_them(self, api):
        PolicyFactory(name="Alpha")
        PolicyFactory(name="Beta", enabled=False)
        PolicyFactory(name="Gamma", deleted_at=timezone.now())

        def names(query: str = "") -> list[str]:
            return [one["name"] for one in api.get(f"{POLICIES}{query}").json()["data"]]

        assert names() == ["Alpha", "Beta"]
        assert names("?state=disabled") == ["Beta"]
        assert names("?state=deleted") == ["Gamma"]
        assert names("?q=lph") == ["Alpha"]

    def test_waits_for_a_second_person(self, send, member, actor_of):
        second = member("owner")

        response = made(send, name="Waits", text=NOBODY_CANCELS)

        assert response.status_code == 202
        assert queries.policies().count() == 0
        approval_id = response.json()["data"]["id"]
        approvals.approve(approval_id=approval_id, actor=actor_of(second), now=timezone.now())
        assert [policy.name for policy in queries.policies()] == ["Waits"]

    def test_asks_for_a_recent_strong_sign_in(self, owner, company):
        token = access_token(owner.user_id, company.id, acr="aal1", auth_time=0)
        headers = {"authorization": f"Bearer {token}", "Idempotency-Key": "k" * 20}

        response = JsonClient(headers=headers).post(POLICIES, {"name": "x", "text": NOBODY_CANCELS})

        assert (response.status_code, response.json()["code"]) == (401, "insufficient_user_authentication")


class TestOnePolicy:
    def test_is_switched_off_and_on(self, send, api):
        policy = PolicyFactory()
        path = f"{POLICIES}/{policy.id}"
        etag = api.get(path)["ETag"]

        off = send("patch", path, {"enabled": False}, **{"If-Match": etag})
        stale = send("patch", path, {"enabled": True}, **{"If-Match": etag})

        assert (off.status_code, off.json()["data"]["enabled"], stale.status_code) == (200, False, 412)

    def test_is_removed_and_restored(self, send, api):
        policy = PolicyFactory()
        path = f"{POLICIES}/{policy.id}"

        assert api.delete(path).status_code == 204
        assert api.get(path).json()["data"]["deleted_at"]
        assert send("patch", path, {"name": "x"}).status_code == 409
        assert send("post", f"{path}/restoration").json()["data"]["deleted_at"] is None

    def test_waits_for_a_second_person_at_each_change(self, send, api, member):
        policy, gone = PolicyFactory(), PolicyFactory(deleted_at=timezone.now())
        member("owner")

        answers = [
            send("patch", f"{POLICIES}/{policy.id}", {"enabled": False}),
            api.delete(f"{POLICIES}/{policy.id}"),
            send("post", f"{POLICIES}/{gone.id}/restoration"),
        ]

        assert [answer.status_code for answer in answers] == [202, 202, 202]

    def test_of_another_company_is_not_found(self, send, api, other_company):
        with tenant(other_company.id):
            policy = PolicyFactory()

        path = f"{POLICIES}/{policy.id}"
        answers = [
            api.get(path),
            send("patch", path, {"name": "x"}),
            api.delete(path),
            send("post", f"{path}/restoration"),
        ]
        assert [answer.status_code for answer in answers] == [404, 404, 404, 404]

    def test_is_in_the_audit_and_the_security_log(self, send, api, drain):
        data = made(send, name="Told", text=NOBODY_CANCELS).json()["data"]
        drain()

        changes = api.get("/api/v1/changes?entity=Policy").json()["data"]
        told = api.get(f"/api/v1/security-events?kind={Kind.POLICY_CHANGED}").json()["data"]

        assert [change["action"] for change in changes] == ["created"]
        assert [(one["subject_id"], one["details"]["change"]) for one in told] == [(data["id"], "created")]


class TestValidation:
    def test_says_where_and_what_helps(self, send):
        text = 'forbid (principal in Role::"clrk", action, resource);'

        data = send("post", f"{POLICIES}/validation", {"text": text}).json()["data"]

        assert data["valid"] is False
        assert data["problems"] == [
            {"line": 1, "column": 28, "message": "there is no role clrk", "help": "did you mean clerk?"}
        ]

    def test_finds_nothing_wrong(self, send):
        assert send("post", f"{POLICIES}/validation", {"text": NOBODY_CANCELS}).json()["data"] == {
            "valid": True,
            "problems": [],
        }

    def test_gives_the_schema_out(self, api):
        assert 'action "orders.cancel"' in api.get(f"{POLICIES}/schema").json()["data"]["schema"]


class TestDisablePolicies:
    def test_switches_them_off(self, company, capsys):
        PolicyFactory(name="Too much")
        with no_tenant():
            for _ in range(2):
                call_command("disable_policies", tenant=company.slug, reason="locked out")

        told = capsys.readouterr().out
        assert told.startswith("switched off: Too much (")
        assert told.endswith("no policy was on\n")

    def test_says_in_one_line_what_is_wrong(self, company):
        with pytest.raises(CommandError, match="tenant_not_found"):
            call_command("disable_policies", tenant="nobody", reason="x")
