"""What a policy is made of, apart from its history: checked here, before anything is asked for or written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from apps.iam.policies import rules
from apps.iam.policies.checking import problems_here
from apps.iam.policies.errors import InvalidPolicy
from apps.iam.policies.models import DESCRIPTION_LENGTH, NAME_LENGTH, Policy


@dataclass(frozen=True, slots=True)
class PolicyContent:
    """A policy is written as `text`, in Cedar, or filled in as a `rule`, from which the text is made."""

    name: str
    text: str = ""
    description: str = ""
    rule: Mapping[str, Any] | None = None
    enabled: bool = True

    @classmethod
    def of(cls, policy: Policy) -> PolicyContent:
        """As it is now."""
        return cls(policy.name, policy.text, policy.description, policy.rule, policy.enabled)

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> PolicyContent:
        """The opposite of `payload`."""
        return cls(**payload)

    @property
    def payload(self) -> dict[str, Any]:
        """As JSON, for a request for approval."""
        rule = None if self.rule is None else dict(self.rule)
        return {
            "name": self.name,
            "text": self.text,
            "description": self.description,
            "rule": rule,
            "enabled": self.enabled,
        }

    def changed(self, **wished: Any) -> PolicyContent:
        """With what is wished. A text of one's own takes the place of the rule, and a rule that of the text."""
        if "text" in wished and "rule" not in wished:
            wished["rule"] = None
        return replace(self, **wished)

    def checked(self) -> PolicyContent:
        """The same, trimmed, with the text that its rule makes. Raises InvalidPolicy, with every place in the text.

        Two statements, for the roles and groups that there are.
        """
        wrong: dict[str, list[str]] = {}
        name, description = self.name.strip(), self.description.strip()
        if not name or len(name) > NAME_LENGTH or "\x00" in name:
            wrong["name"] = [f"1 to {NAME_LENGTH} characters"]
        if len(description) > DESCRIPTION_LENGTH or "\x00" in description:
            wrong["description"] = [f"at most {DESCRIPTION_LENGTH} characters"]
        text, rule = self.text.strip(), self.rule
        if rule is not None:
            try:
                made = rules.rule_from(rule)
                text, rule = made.cedar(), made.stored()
            except rules.InvalidRule as error:
                raise InvalidPolicy(errors={**wrong, "rule": error.sentences}) from error
        problems = problems_here(text)
        if problems:
            wrong["rule" if rule is not None else "text"] = [problem.sentence for problem in problems]
        if wrong:
            places = [
                {"line": one.line, "column": one.column, "message": one.message, "help": one.help} for one in problems
            ]
            raise InvalidPolicy(errors=wrong, problems=places)
        return PolicyContent(name, text, description, rule, self.enabled)
