"""To change what everybody is forbidden takes two people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from apps.iam.approvals.kinds import ApprovalKind, Approved, register
from apps.iam.policies import commands, queries
from apps.iam.policies.content import PolicyContent
from apps.iam.policies.permissions import PolicyPermission

_WORDS = {"update": "Change", "delete": "Remove", "restore": "Restore"}


def _change(change: Approved) -> None:
    payload, facts = change.payload, {"actor": change.actor, "now": change.now}
    if payload["operation"] == "create":
        commands.create_policy(content=PolicyContent.from_payload(payload["content"]), **facts)
        return
    policy_id, version = UUID(payload["policy_id"]), payload["version"]
    if payload["operation"] == "update":
        commands.update_policy(policy_id=policy_id, wished=payload["content"], expected_version=version, **facts)
    elif payload["operation"] == "delete":
        commands.delete_policy(policy_id=policy_id, expected_version=version, **facts)
    else:
        commands.restore_policy(policy_id=policy_id, **facts)


def _in_words(payload: Mapping[str, Any]) -> str:
    content = payload.get("content")
    if payload["operation"] == "create":
        return f"Make the policy “{content['name']}”{_state(content)}: {_one_line(content['text'])}"
    name = queries.policy(UUID(payload["policy_id"])).name
    said = f"{_WORDS[payload['operation']]} the policy “{name}”"
    return f"{said}{_state(content)}: {_one_line(content['text'])}" if content else said


def _state(content: Mapping[str, Any]) -> str:
    return "" if content["enabled"] else ", switched off"


def _one_line(text: str) -> str:
    return " ".join(text.split())


register(
    ApprovalKind(
        code=commands.CHANGE_POLICY,
        label="Change a policy",
        describe=_in_words,
        execute=_change,
        asker=PolicyPermission.MANAGE,
    )
)
