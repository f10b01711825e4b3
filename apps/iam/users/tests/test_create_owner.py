"""The first owner of an installation that starts empty."""

from __future__ import annotations

import getpass
import io
import sys

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from apps.core.tenancy import tenant
from apps.iam.roles.queries import granted_to
from apps.iam.tenants import queries as tenants

pytestmark = pytest.mark.django_db

ARGUMENTS = ("--tenant-slug", "acme", "--tenant-name", "Acme Trading", "--email", "ada@acme.example")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def create(*arguments: str) -> str:
    out = io.StringIO()
    call_command("create_owner", *(arguments or ARGUMENTS), stdout=out, stderr=out)
    return out.getvalue()


def role_of(user) -> tuple[str, ...]:
    with tenant(tenants.tenant_by_slug("acme").id):
        return granted_to(user.id).roles


class TestCreateOwner:
    def test_prints_a_random_password_once(self):
        password = create().split()[-1]

        assert role_of(authenticate(email="ada@acme.example", password=password)) == ("owner",)

    def test_asks_for_all_it_needs_at_a_terminal(self, monkeypatch):
        answers = iter(["short", "correct horse battery", "a typo", "correct horse battery", "correct horse battery"])
        monkeypatch.setattr(sys, "stdin", Terminal("acme\nAcme Trading\nada@acme.example\n"))
        monkeypatch.setattr(getpass, "getpass", lambda prompt: next(answers))

        out = create("--currency", "GBP")

        assert "too short" in out and "the two differ" in out
        assert "shown only now" not in out
        assert role_of(authenticate(email="ada@acme.example", password="correct horse battery")) == ("owner",)
        assert tenants.tenant_by_slug("acme").default_currency == "GBP"

    def test_says_what_to_give_without_a_terminal(self):
        with pytest.raises(CommandError, match="give --tenant-slug, --tenant-name and --email"):
            create("--tenant-slug", "acme")

    def test_explains_what_is_wrong(self):
        with pytest.raises(CommandError, match="invalid_tenant: slug"):
            create("--tenant-slug", "ACME", "--tenant-name", "Acme", "--email", "ada@acme.example")

    def test_refuses_the_same_person_twice(self):
        create()

        with pytest.raises(CommandError, match="already_member"):
            create()

    def test_lets_somebody_known_keep_their_password(self):
        create()

        out = create("--tenant-slug", "globex", "--tenant-name", "Globex", "--email", "ADA@acme.example")

        assert "sign in with the password it has" in out
