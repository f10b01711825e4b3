"""The demonstration: two companies in which one can sign in."""

from __future__ import annotations

import json
import stat
from uuid import UUID

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command

from apps.core.tenancy import tenant
from apps.iam.oidc import queries as oidc
from apps.iam.roles.queries import granted_to
from apps.iam.users import queries as users

pytestmark = pytest.mark.django_db

seeded: list[tuple[UUID, str]] = []


def goods(*, tenant_id: UUID, slug: str) -> None:
    """What another service would bring."""
    seeded.append((tenant_id, slug))


@pytest.fixture
def seed(settings, tmp_path):
    settings.STATE_DIR = tmp_path / "state"
    settings.DEMO_SEEDERS = [f"{__name__}.goods"]
    seeded.clear()

    def run():
        call_command("seed_demo", verbosity=0)
        return json.loads((tmp_path / "state" / "demo.json").read_text())

    return run


class TestSeedDemo:
    def test_lets_everybody_sign_in_with_their_role(self, seed):
        demo = seed()

        assert [t["slug"] for t in demo["tenants"]] == ["acme", "globex"]
        for company in demo["tenants"]:
            for account in company["accounts"]:
                user = authenticate(email=account["email"], password=account["password"])
                with tenant(UUID(company["id"])):
                    assert granted_to(user.id).roles == (account["role"],)
                    assert users.member(user.id).status == "active"

    def test_makes_an_api_client_for_each_company(self, seed, settings):
        for company in seed()["tenants"]:
            client = company["api_client"]
            found = oidc.api_client(UUID(client["client_id"]))

            assert str(found.tenant_id) == company["id"]
            assert client["client_secret"]
            assert client["token_url"] == f"{settings.OIDC_ISSUER}/oidc/token"

    def test_makes_somebody_of_platform_staff(self, seed):
        staff = seed()["platform_staff"]

        assert authenticate(email=staff["email"], password=staff["password"]).is_staff

    def test_asks_the_other_services_for_each_company(self, seed):
        demo = seed()

        assert seeded == [(UUID(t["id"]), t["slug"]) for t in demo["tenants"]]

    def test_keeps_everything_when_repeated(self, seed):
        assert seed() == seed()

    def test_makes_new_passwords_when_the_old_ones_are_lost(self, seed, settings):
        before = seed()
        (settings.STATE_DIR / "demo.json").unlink()

        after = seed()

        old, new = (demo["tenants"][0]["accounts"][0] for demo in (before, after))
        assert authenticate(email=old["email"], password=old["password"]) is None
        assert authenticate(email=new["email"], password=new["password"]) is not None

    def test_keeps_the_file_to_its_owner(self, seed, settings):
        seed()

        assert stat.S_IMODE((settings.STATE_DIR / "demo.json").stat().st_mode) == 0o600
