"""What directories say beside the point, and is let pass: names and addresses that follow from an id.

Okta sends a member's `display`, Entra a `$ref` of null, both a manager's name. As a part of what is to be removed they
would match nobody; nothing is lost when they are left out, since the id says it all.
"""

from __future__ import annotations

from typing import Any

_DERIVED = {"members": {"$ref", "display"}, "manager": {"$ref", "displayname"}}


def without_derived(data: dict[str, Any]) -> dict[str, Any]:
    """A PatchOp without what follows from ids."""
    return {
        name: [_operation(one) for one in value] if name.lower() == "operations" and isinstance(value, list) else value
        for name, value in data.items()
    }


def _operation(said: Any) -> Any:
    if not isinstance(said, dict):
        return said
    path = next((str(value) for name, value in said.items() if name.lower() == "path"), "")
    return {name: _plain(path, value) if name.lower() == "value" else value for name, value in said.items()}


def _plain(path: str, value: Any) -> Any:
    derived = _DERIVED.get(path.rpartition(":")[2].lower())
    if derived is None:
        return {name: _plain(name, child) for name, child in value.items()} if isinstance(value, dict) else value
    if isinstance(value, list):
        return [_without(one, derived) for one in value]
    return _without(value, derived)


def _without(value: Any, derived: set[str]) -> Any:
    if not isinstance(value, dict) or "value" not in {name.lower() for name in value}:
        return value
    return {name: child for name, child in value.items() if name.lower() not in derived}
