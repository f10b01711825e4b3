from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.iam.roles import commands as roles
from apps.iam.scim.permissions import ScimPermission
from apps.iam.service_accounts import commands as accounts

MEDIA_TYPE = "application/scim+json"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


@dataclass
class Answer:
    """What the service provider said."""

    status: int
    body: Any
    headers: Any

    @property
    def names(self) -> list[str]:
        return [one.get("userName") or one["displayName"] for one in self.body["Resources"]]


class Directory:
    """A directory that calls `/scim/v2/` with an API key as its bearer token, as Okta and Entra do."""

    def __init__(self, account_id: Any, key: str) -> None:
        self.account_id = account_id
        self.client = Client(headers={"authorization": f"Bearer {key}"}, raise_request_exception=False)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        data = "" if body is None else body if isinstance(body, str) else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        response = self.client.generic(method, f"/scim/v2/{path}", data, content_type=MEDIA_TYPE, headers=named)
        assert response.status_code < 500, response.content
        if response.content:
            assert response["Content-Type"].startswith(MEDIA_TYPE)
        if response.status_code >= 400:
            assert json.loads(response.content)["schemas"] == [ERROR]
        return Answer(response.status_code, json.loads(response.content or "null"), response.headers)

    def get(self, path: str, query: dict[str, Any] | None = None, **headers: str) -> Answer:
        from urllib.parse import urlencode

        return self.send("GET", f"{path}?{urlencode(query)}" if query else path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        return self.send("POST", path, body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> Answer:
        return self.send("PUT", path, body, **headers)

    def patch(self, path: str, *operations: dict[str, Any], **headers: str) -> Answer:
        return self.send("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, **headers)

    def delete(self, path: str, **headers: str) -> Answer:
        return self.send("DELETE", path, **headers)

    def filter(self, kind: str, text: str, **query: Any) -> Answer:
        return self.get(kind, {"filter": text, **query})

    def hire(self, user_name: str, **attributes: Any) -> dict[str, Any]:
        """A person, made; the answer's body."""
        answer = self.post("Users", {"schemas": [USER], "userName": user_name, **attributes})
        assert answer.status == 201, answer.body
        return answer.body

    def gather(self, name: str, *people: dict[str, Any], **attributes: Any) -> dict[str, Any]:
        """A group of these people, made."""
        members = [{"value": person["id"]} for person in people]
        body = {"schemas": [GROUP], "displayName": name, "members": members, **attributes}
        answer = self.post("Groups", body)
        assert answer.status == 201, answer.body
        return answer.body


def connected(*held: str) -> Directory:
    """A directory of the tenant that is entered, whose account holds these roles besides the one for it."""
    facts = {"actor": SYSTEM, "now": timezone.now()}
    roles.define_role(code="directory", name="Directory", permissions=[ScimPermission.PROVISION], **facts)
    account = accounts.create_service_account(name="Directory", roles=["directory", *held], **facts)
    key = accounts.create_key(holder_id=account.id, name="SCIM", **facts)
    return Directory(account.id, key.secret)


@pytest.fixture
def connect() -> Any:
    return connected


@pytest.fixture
def directory(company, connect) -> Directory:
    return connect("viewer")


@pytest.fixture
def other_directory(company, other_company, connect) -> Directory:
    with tenant(other_company.id):
        return connect("viewer")
