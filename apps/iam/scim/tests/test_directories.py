"""What Okta and Microsoft Entra ID send, in their order and in their shapes, taken from their documentation.

Sources: developer.okta.com, "SCIM 2.0 protocol reference"; learn.microsoft.com, "Develop a SCIM endpoint for user
provisioning" and "Known issues and resolutions with SCIM 2.0 protocol compliance".
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from apps.iam.scim.tests.conftest import ENTERPRISE
from apps.iam.users import queries as users

REQUESTS = Path(__file__).parent / "requests"


def filled(value: Any, known: dict[str, str]) -> Any:
    """With the ids of what was made before in the place of `{names}`."""
    if isinstance(value, str):
        for name, id_ in known.items():
            value = value.replace(f"{{{name}}}", id_)
        return value
    if isinstance(value, dict):
        return {name: filled(child, known) for name, child in value.items()}
    return [filled(child, known) for child in value] if isinstance(value, list) else value


def play(directory, name: str) -> dict[str, str]:
    """Send the requests of a file one after the other, comparing each answer; returns the ids of what was made."""
    known: dict[str, str] = {}
    for step in json.loads((REQUESTS / f"{name}.json").read_text()):
        said = filled(step, known)
        answer = directory.send(said["method"], said["path"], said.get("body"))
        assert answer.status == said["status"], (said["does"], answer.body)
        for attribute, value in said.get("expects", {}).items():
            assert answer.body[attribute] == value, (said["does"], answer.body)
        if "members" in said:
            assert [one["value"] for one in answer.body.get("members", [])] == said["members"], said["does"]
        if "keep" in said:
            known[said["keep"]] = answer.body["id"]
    return known


class TestOkta:
    def test_provisions_from_the_first_test_to_the_last(self, directory):
        known = play(directory, "okta")

        assert users.member(known["ada"]).name == "Ada King"
        assert users.member(known["ada"]).status == "invited"


class TestEntra:
    def test_provisions_from_the_first_test_to_the_last(self, directory):
        known = play(directory, "entra")

        assert users.member(known["ada"]).is_deleted
        assert users.member(known["chief"]).role_codes == ["viewer"]

    def test_leaves_everything_else_as_it_was(self, directory):
        """What goes wrong elsewhere: an address that is replaced by its type takes the others with it."""
        ada = directory.hire(
            "ada@mail.example",
            emails=[{"value": "ada@mail.example", "type": "work"}, {"value": "home@mail.example", "type": "home"}],
            **{ENTERPRISE: {"department": "Engines", "costCenter": "7"}},
        )

        operation = {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "new@mail.example"}
        department = {"op": "Replace", "path": f"{ENTERPRISE}:department", "value": "Sales"}
        changed = directory.patch(f"Users/{ada['id']}", operation, department).body

        assert [(one["type"], one["value"]) for one in changed["emails"]] == [
            ("work", "new@mail.example"),
            ("home", "home@mail.example"),
        ]
        assert changed[ENTERPRISE] == {"department": "Sales", "costCenter": "7"}

    @pytest.mark.parametrize("spelling", ["Replace", "REPLACE", "replace"])
    def test_spells_operations_as_it_likes(self, directory, spelling):
        ada = directory.hire("ada@mail.example")

        answer = directory.patch(f"Users/{ada['id']}", {"op": spelling, "path": "title", "value": "Countess"})

        assert answer.body["title"] == "Countess"
