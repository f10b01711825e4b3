"""Callers of the API and visitors of pages are told what they may ask, and refused when they ask for more."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.conf import settings as deployment
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client

from apps.core.auth import Principal
from apps.core.auth.plan_limits import PlanLimits
from apps.gateway.ratelimit import checks
from apps.gateway.ratelimit import limiter as process
from apps.gateway.ratelimit.matching import network
from apps.gateway.ratelimit.middleware import RateLimitMiddleware
from apps.gateway.ratelimit.tests.standing_still import limiter_at_one_moment
from tests.callers import make_caller

pytestmark = pytest.mark.django_db

ME = "/api/v1/me"
# RFC 9651 §3.1.2: a list of strings with integers as parameters, which is all that the fields may be.
ITEM = r'"[a-z-]+"(?:;[a-z]+=\d{1,15})*'
LIST = re.compile(rf"{ITEM}(?:, {ITEM})*")


@pytest.fixture(autouse=True)
def _own_process(monkeypatch, settings):
    """A process that remembers nothing, at an address that nobody else comes from; companies that nobody has used."""
    monkeypatch.setattr(process, "_own", [limiter_at_one_moment()])
    settings.RATE_LIMIT_CALLER = "3/1m"


@pytest.fixture
def address():
    return f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"


def parsed(header):
    assert LIST.fullmatch(header), header
    items = [item.split(";") for item in header.split(", ")]
    return {name.strip('"'): {k: int(v) for k, v in (one.split("=") for one in rest)} for name, *rest in items}


class TestACaller:
    def test_is_told_what_there_is_and_what_is_left(self, api_client):
        answer = api_client().get(ME)

        policies, states = parsed(answer["RateLimit-Policy"]), parsed(answer["RateLimit"])
        assert policies["caller"] == {"q": 3, "w": 60}
        assert policies["company"] == {"q": 6000, "w": 60}
        assert policies["month"] == {"q": 10_000_000}
        assert states["caller"] == {"r": 2, "t": 20}
        assert states["company"]["r"] == 6000 - 120 - 1

    def test_is_refused_with_a_problem_that_says_when_to_come_back(self, api_client):
        client = api_client()
        answers = [client.get(ME) for _ in range(4)]

        refused = answers[3]
        assert [one.status_code for one in answers] == [200, 200, 200, 429]
        assert refused["Content-Type"] == "application/problem+json"
        assert refused["Retry-After"] == "20"
        problem = refused.json()
        assert (problem["code"], problem["limit"], problem["violated-policies"]) == (
            "rate_limited",
            "caller",
            ["caller"],
        )
        assert parsed(refused["RateLimit"]) == {"caller": {"r": 0, "t": 20}}

    def test_who_was_refused_costs_no_statement(self, api_client, django_assert_num_queries):
        client = api_client()
        for _ in range(4):
            client.get(ME)

        with django_assert_num_queries(0):
            assert client.get(ME).status_code == 429

    def test_leaves_colleagues_their_own_and_other_companies_theirs(self, tenant_id):
        one, colleague, stranger = make_caller(tenant_id), make_caller(tenant_id), make_caller(uuid4())
        statuses = [one.client().get(ME).status_code for _ in range(4)]

        assert statuses[-1] == 429
        assert colleague.client().get(ME).status_code == 200
        assert stranger.client().get(ME).status_code == 200

    def test_sees_a_plain_page_in_the_console(self, tenant_id):
        caller = make_caller(tenant_id)
        browser = Client(headers={"authorization": f"Bearer {caller.token()}", "accept": "text/html"})

        page = [browser.get("/limits/") for _ in range(4)][-1]

        assert (page.status_code, page["Retry-After"]) == (429, "20")
        assert "Try again in 20 seconds" in page.content.decode()


class TestAnAddress:
    def test_is_refused_before_anybody_is_looked_up(self, settings, address, django_assert_num_queries):
        settings.RATE_LIMIT_ADDRESS = "5/1m"
        client = Client(REMOTE_ADDR=address, headers={"accept": "application/json"})
        statuses = [client.get(ME).status_code for _ in range(6)]

        assert statuses == [401] * 5 + [429]
        with django_assert_num_queries(0):
            other_key = client.get(ME, headers={"x-api-key": "pfk_" + "x" * 71})
        assert other_key.status_code == 429

    def test_is_all_that_one_customer_has(self, settings, address):
        settings.RATE_LIMIT_ADDRESS = "2/1m"
        statuses = [Client().get(ME, REMOTE_ADDR=address[:-1] + str(number)).status_code for number in range(1, 4)]

        assert statuses == [401, 401, 429]
        assert [network(one) for one in ("192.0.2.7", "::ffff:192.0.2.7", "unix")] == ["192.0.2.7"] * 2 + ["unix"]

    def test_may_ask_whether_the_process_lives(self, settings, address):
        settings.RATE_LIMIT_ADDRESS = "1/1m"
        client = Client(REMOTE_ADDR=address)

        assert [client.get("/livez").status_code for _ in range(3)] == [200, 200, 200]


class TestWithoutRedis:
    @pytest.fixture(autouse=True)
    def _away(self, settings):
        limits = {**settings.CACHES["limits"], "LOCATION": "redis://127.0.0.1:1/0"}
        settings.CACHES = {**settings.CACHES, "limits": limits}

    def test_the_api_is_limited_by_each_process(self, api_client):
        client = api_client()

        assert [client.get(ME).status_code for _ in range(4)] == [200, 200, 200, 429]

    def test_money_and_sign_in_are_refused(self, api_client):
        paying = api_client().post("/api/v1/payments", {})
        signing_in = Client().post("/sign-in/", {"email": "a@b.example", "password": "x"})

        assert (paying.status_code, paying.json()["code"], paying.json()["limit"]) == (
            503,
            "limits_unavailable",
            "money",
        )
        assert signing_in.status_code == 503
        assert paying["Retry-After"] and signing_in["Retry-After"]


class TestManyAtOnce:
    """Threads of the web process, which Django's test client is not: so the middleware itself is asked. A view that
    calls again before it answers stands for requests that are under way at once.
    """

    MOST = deployment.WEB_THREADS * 3 // 4

    @pytest.fixture(autouse=True)
    def _often(self, settings):
        settings.RATE_LIMIT_CALLER = "1000/1m"

    def test_of_one_company_leave_threads_to_another(self, rf):
        noisy, quiet = _principal(), _principal()
        statuses, of_quiet = [], []

        def view(request):
            if request.principal is quiet:
                return HttpResponse("done")
            statuses.append(middleware(_request(rf, noisy)).status_code)
            of_quiet.append(middleware(_request(rf, quiet)).status_code)
            return HttpResponse("done")

        middleware = RateLimitMiddleware(view)
        middleware(_request(rf, quiet))
        middleware(_request(rf, noisy))

        assert statuses == [429] + [200] * (self.MOST - 1)
        assert set(of_quiet) == {200}
        assert middleware.crowd.inside(noisy.tenant_id) == middleware.crowd.inside(quiet.tenant_id) == 0

    def test_of_one_company_are_all_there_are_while_it_is_alone(self, rf):
        alone, depth = _principal(), []

        def view(request):
            depth.append(1)
            return middleware(_request(rf, alone)) if len(depth) < deployment.WEB_THREADS else HttpResponse("done")

        middleware = RateLimitMiddleware(view)

        assert middleware(_request(rf, alone)).status_code == 200

    def test_count_a_stream_until_it_is_over(self, rf):
        one = _principal()
        middleware = RateLimitMiddleware(lambda request: StreamingHttpResponse(iter([b"a"])))

        stream = middleware(_request(rf, one))

        assert middleware.crowd.inside(one.tenant_id) == 1
        stream.close()
        assert middleware.crowd.inside(one.tenant_id) == 0


def _principal():
    limits = PlanLimits("test", per_minute=6000, burst=6000, concurrent=50, per_month=0)
    return Principal(uuid4(), "user", uuid4(), frozenset(), limits=limits)


def _request(rf, principal):
    request = rf.get(ME, headers={"accept": "application/json"}, **{"web.arrived": 0.0})
    request.principal, request.sent_by = principal, ""
    return request


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("RATE_LIMIT_MONEY", "often", "RATE_LIMIT_MONEY is no rate such as 600/1m: often"),
        ("RATE_LIMIT_CALLER", "0/1m", "RATE_LIMIT_CALLER is no rate such as 600/1m: 0/1m"),
        ("RATE_LIMIT_DRY_RUN", ["monney"], "RATE_LIMIT_DRY_RUN names monney; there are address, "),
    ],
)
def test_a_wrong_setting_is_found_at_the_start(settings, name, value, said):
    setattr(settings, name, value)

    (found,) = [*checks.rates_are_rates(), *checks.trials_are_of_rules()]
    assert found.msg.startswith(said)
