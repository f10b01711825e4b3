"""A text that is no policy is refused with its place and what helps; what would end the process is never parsed."""

from __future__ import annotations

import pytest

from apps.core.auth.cedar.schema import schema, schema_text
from apps.iam.policies.checking import problems_of
from apps.iam.policies.models import TEXT_LENGTH

GOOD = 'forbid (principal in Role::"clerk", action == Action::"orders.cancel", resource is Order) when { %s };'
ALL = "forbid (principal, action, resource) when { %s };"


class TestSound:
    @pytest.mark.parametrize(
        "text",
        [
            GOOD % "resource.amount > 100000",
            GOOD % "resource has owner && resource.owner == principal.id",
            ALL % '!(context has address && context.address.isInRange(ip("10.0.0.0/8")))',
            ALL % "principal has authenticated_s && principal.authenticated_s > 3600",
            ALL % 'context.time > datetime("2026-12-24")',
            "// nobody\nforbid (principal, action, resource);",
            ALL % " && ".join(["context.hour > 1"] * 40),
        ],
    )
    def test_is_what_names_only_what_there_is(self, text):
        assert problems_of(text) == []


class TestUnsound:
    @pytest.mark.parametrize(
        ("text", "line", "column", "says"),
        [
            ("", 1, 1, "there is no policy"),
            ("// only a remark", 1, 1, "there is no policy"),
            ("\nforbid(principal,,\n action, resource);", 2, 18, "unexpected token `,`"),
            ("forbid(principal, action, resource) when {\n  context.hour >\n};", 3, 1, "unexpected token `}`"),
            ("forbid(principal, action, resource)", 1, 36, "it ends too early"),
            ('forbid(principal, action, resource) when { "abc };', 1, 44, "invalid token"),
            (ALL % "nothing(3)", 1, 45, "not a valid function"),
            ("permit(principal, action, resource);", 1, 1, "a policy of a company forbids"),
            ("forbid(principal, action, resource);\nforbid(principal, action, resource);", 2, 1, "exactly one"),
            ("forbid(principal == ?principal, action, resource);", 1, 1, "without ?principal"),
            (ALL % "context.hourr > 3", 1, 53, "did you mean hour?"),
            (ALL % "resource.amount > 3", 1, 54, "`resource is Order or Product`"),
            (GOOD % "resource.amout > 3", 1, 107, "did you mean amount?"),
            (GOOD % 'resource.amount > "x"', 1, 91, "expected Long but saw String"),
            (ALL % 'context.address.isInRange(ip("10.0.0.0/8"))', 1, 53, "ask `… has address &&` before it"),
            ('forbid(principal, action == Action::"orders.cancle", resource);', 1, 37, "did you mean orders.cancel?"),
            ('forbid(principal in Team::"x", action, resource);', 1, 21, "there are User, Service, Role"),
            (
                'forbid(principal, action == Action::"users.view", resource is Order);',
                1,
                1,
                "such an object",
            ),
        ],
    )
    def test_says_where_and_what_helps(self, text, line, column, says):
        problem = problems_of(text)[0]

        assert (problem.line, problem.column) == (line, column)
        assert says in problem.sentence

    def test_names_no_role_and_no_group_that_there_is_not(self):
        text = 'forbid(principal in Role::"clrk", action, resource) when { principal in Group::"g" };'

        found = problems_of(text, roles=["clerk"], groups=[])

        assert [problem.sentence for problem in found] == [
            "line 1, column 27: there is no role clrk; did you mean clerk?",
            "line 1, column 80: there is no group g; /api/v1/groups lists them",
        ]

    @pytest.mark.parametrize("code", ["policies.manage", "policies.view", "approvals.decide"])
    def test_does_not_name_what_it_takes_to_change_policies(self, code):
        problem = problems_of(f'forbid(principal, action == Action::"{code}", resource);')[0]

        assert "nobody could take them back" in problem.help


class TestWhatCedarDoesNotSurvive:
    """Each of these ends a process that parses it, or keeps it busy for minutes."""

    @pytest.mark.parametrize(
        "condition",
        [
            "(" * 1000 + "true" + ")" * 1000,
            "[" * 1000 + "]" * 1000 + " == []",
            "{a:" * 900 + "1" + "}" * 900 + " == {}",
            "context has a" + ".a" * 1900,
            "context" + ".a" * 1900 + " == 1",
            "!" * 1900 + "true",
            "if true then " * 250 + "true" + " else true" * 60,
            " || ".join(["true"] * 600),
            "1" + " + 1" * 900 + " == 1",
        ],
        ids=["brackets", "sets", "records", "has", "attributes", "nots", "ifs", "ors", "sums"],
    )
    def test_is_refused(self, condition):
        assert problems_of(ALL % condition)

    def test_is_refused_when_it_is_too_long(self):
        assert "characters" in problems_of("forbid(principal, action, resource);" + " " * TEXT_LENGTH)[0].message
        assert problems_of("forbid(principal, action, resource);\x00")


def test_the_schema_can_be_parsed_and_is_given_out():
    assert schema() is not None
    assert 'action "orders.cancel" appliesTo {principal: [User, Service], resource: [Tenant, Order]' in schema_text()
    assert "policies.manage" not in schema_text()
