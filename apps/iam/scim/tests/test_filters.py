"""Filters, sorting and pages. What PostgreSQL finds is compared with what the filter says in memory."""

from __future__ import annotations

import random
from collections.abc import Iterator
from uuid import uuid4

import pytest
from scim2_models import ScimFilter

from apps.core.tenancy import tenant
from apps.iam.scim.resources import PERSON, PROVIDER, Group
from apps.iam.scim.tests.conftest import ENTERPRISE, USER, Directory, connected
from apps.iam.tenants.tests.factories import TenantFactory
from apps.iam.users.tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db

USERS = [
    'userName eq "ADA@mail.example"',
    'userName ne "ada@mail.example"',
    'userName co "mail"',
    'userName sw "a"',
    'userName ew ".example"',
    'userName gt "b"',
    'userName le "ada@mail.example"',
    "userName pr",
    'externalId eq "00u1"',
    'externalId eq "00U1"',
    'externalId ne "00u1"',
    "externalId pr",
    "not (externalId pr)",
    'displayName eq "ada byron"',
    'displayName co "BYRON"',
    "active eq true",
    "active eq false",
    "active ne true",
    'title eq "countess"',
    'title ne "countess"',
    "title pr",
    "title eq null",
    "title ne null",
    'title sw "Count"',
    'title ew "ess"',
    'title co "(50%)"',
    'title co "."',
    'title co "\\\\"',
    'title gt "countess"',
    'name.familyName eq "Byron"',
    'name.familyName co "yr"',
    "name pr",
    'emails eq "ada@mail.example"',
    'emails.value co "MAIL"',
    'emails.type eq "work"',
    'emails.value ne "ada@mail.example"',
    "emails pr",
    'emails[type eq "work"]',
    'emails[type eq "home" and value ew ".example"]',
    'emails[type eq "work" or primary eq true]',
    'emails[not (type eq "home")]',
    'emails[type ne "home"]',
    'emails[value sw "ada"]',
    'emails[primary eq true and value co "alan"]',
    'phoneNumbers[type eq "mobile" and value pr]',
    'phoneNumbers.value sw "+44"',
    f'{USER}:userName sw "al"',
    f'{ENTERPRISE}:department eq "engines"',
    f'{ENTERPRISE}:department ne "engines"',
    f"{ENTERPRISE}:manager.value pr",
    'meta.resourceType eq "User"',
    'meta.created gt "2020-01-01T00:00:00Z"',
    'meta.lastModified lt "2020-01-01T00:00:00Z"',
    'title pr and (userName sw "ada" or active eq false)',
    'title pr and userName sw "ada" or active eq false',
    'not (userName sw "ada") and not (title pr)',
    'USERNAME EQ "ada@mail.example"',
]
GROUPS = ['displayName eq "engineers"', 'displayName co "E"', 'externalId eq "g1"', "members pr", "not (members pr)"]


@pytest.fixture(scope="class")
def directory(kept_by_class) -> Iterator[Directory]:
    with tenant(TenantFactory().id):
        yield connected("viewer")


@pytest.fixture(scope="class")
def people(directory) -> list[dict]:
    chief = directory.hire("chief@mail.example", displayName="Charles Babbage", title="Professor (50%)")
    directory.hire(
        "ada@mail.example",
        externalId="00u1",
        title="Countess",
        name={"givenName": "Ada", "familyName": "Byron"},
        phoneNumbers=[{"value": "+44 1", "type": "mobile"}],
        **{ENTERPRISE: {"department": "Engines", "manager": {"value": chief["id"]}}},
    )
    addresses = [
        {"value": "alan@mail.example", "type": "home", "primary": True},
        {"value": "a@b.example", "type": "work"},
    ]
    directory.hire("alan", emails=addresses, active=False, title="a\\b", displayName="Alan")
    MembershipFactory(roles=("clerk",), name="Ada Console")
    MembershipFactory(roles=("viewer",), name="Bob")
    return directory.get("Users").body["Resources"]


class TestAFilter:
    def test_finds_in_the_database_what_it_says_in_memory(self, directory, people):
        wrong = []
        for text in USERS:
            answer = directory.filter("Users", text)
            found = {one["id"] for one in answer.body.get("Resources", [])}
            with PROVIDER:
                said = ScimFilter[PERSON](text)
                expected = {one["id"] for one in people if said.match(PERSON.model_validate(one))}
            if found != expected:
                wrong.append((text, answer.status, answer.body))

        assert wrong == []

    def test_drawn_at_random_does_the_same(self, directory, people):
        dice = random.Random(7643)
        for _ in range(60):
            text = drawn(dice, 3)
            answer = directory.filter("Users", text)
            with PROVIDER:
                said = ScimFilter[PERSON](text)
                expected = {one["id"] for one in people if said.match(PERSON.model_validate(one))}

            assert {one["id"] for one in answer.body["Resources"]} == expected, text

    def test_of_groups_does_the_same(self, directory, people):
        directory.gather("Engineers", people[0], people[1], externalId="g1")
        directory.gather("Empty")
        known = directory.get("Groups").body["Resources"]
        texts = [*GROUPS, f'members eq "{people[0]["id"]}"', f'members[value eq "{people[3]["id"]}"]']

        for text in texts:
            with PROVIDER:
                expected = {one["id"] for one in known if ScimFilter[Group](text).match(Group.model_validate(one))}
            assert {one["id"] for one in directory.filter("Groups", text).body["Resources"]} == expected, text

    def test_of_the_groups_of_people_finds_them(self, directory, people):
        group = directory.gather("Engineers", people[1])

        assert directory.filter("Users", f'groups eq "{group["id"]}"').names == [people[1]["userName"]]
        assert directory.filter("Users", f'groups[value eq "{group["id"]}"]').body["totalResults"] == 1
        assert directory.filter("Users", f'groups.value eq "{uuid4()}"').body["totalResults"] == 0

    def test_by_id_takes_any_text_for_an_id(self, directory, people):
        assert directory.filter("Users", f'id eq "{people[0]["id"]}"').body["totalResults"] == 1
        assert directory.filter("Users", 'id eq "no-id"').body["totalResults"] == 0
        assert directory.filter("Users", 'id ne "no-id"').body["totalResults"] == len(people)

    @pytest.mark.parametrize(
        "text",
        [
            "userName",
            'userName eq "',
            'userName zz "x"',
            'shoeSize eq "43"',
            'emails[shoeSize eq "43"]',
            "active gt true",
            'id co "0"',
            'groups co "0"',
            'schemas eq "x"',
            'userName eq "\\ud800"',
            'title eq "\\u0000"',
            'meta.created gt "yesterday"',
            "not (" * 660 + "title pr" + ")" * 660,
            'title co "' + "x" * 5000 + '"',
            "title co 5",
        ],
    )
    def test_that_makes_no_sense_is_an_error_that_says_so(self, directory, text):
        answer = directory.filter("Users", text)

        assert (answer.status, answer.body["scimType"]) == (400, "invalidFilter")

    def test_is_no_way_into_sql(self, directory, people):
        for text in ("x' or 1=1 --", '\\") || true || (\\"', "%", "_"):
            for attribute in ("title", "userName", "externalId", "emails.value"):
                for op in ("eq", "co", "sw", "ew"):
                    assert directory.filter("Users", f'{attribute} {op} "{text}"').status == 200


def drawn(dice: random.Random, depth: int) -> str:
    """A filter at random."""
    kind = dice.random()
    if depth and kind < 0.3:
        return f"({drawn(dice, depth - 1)}) {dice.choice(['and', 'or'])} ({drawn(dice, depth - 1)})"
    if depth and kind < 0.4:
        return f"not ({drawn(dice, depth - 1)})"
    attributes = [
        "userName",
        "title",
        "displayName",
        "externalId",
        "name.givenName",
        "emails.value",
        "phoneNumbers.type",
    ]
    attribute = dice.choice(attributes)
    if dice.random() < 0.2:
        return f"{attribute} pr"
    value = dice.choice(["a", "Ada", "ada@mail.example", "countess", "00u1", "mobile", ".", "Byron"])
    return f'{attribute} {dice.choice(["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"])} "{value}"'


class TestAPage:
    def test_is_cut_as_asked(self, directory, people):
        whole = [one["id"] for one in people]

        page = directory.get("Users", {"startIndex": 2, "count": 2}).body

        assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (len(whole), 2, 2)
        assert [one["id"] for one in page["Resources"]] == whole[1:3]

    @pytest.mark.parametrize(
        ("asked", "start", "shown"),
        [
            ({"startIndex": 0}, 1, 5),
            ({"startIndex": -7}, 1, 5),
            ({"startIndex": 6}, 6, 0),
            ({"startIndex": 10**30}, 2**31, 0),
            ({"count": 0}, 1, 0),
            ({"count": -1}, 1, 0),
            ({"count": 10**30}, 1, 5),
        ],
    )
    def test_has_bounds(self, directory, people, asked, start, shown):
        page = directory.get("Users", asked).body

        assert (page["totalResults"], page["startIndex"], len(page["Resources"])) == (5, start, shown)

    @pytest.mark.parametrize("asked", [{"count": "many"}, {"startIndex": "1.5"}, {"sortOrder": "up"}])
    def test_that_makes_no_sense_is_refused(self, directory, asked):
        assert directory.get("Users", asked).status == 400

    def test_takes_few_statements_however_many_it_shows(self, directory, people, django_assert_max_num_queries):
        directory.get("Users")

        with django_assert_max_num_queries(15):
            directory.get("Users")


class TestSorting:
    def test_is_by_user_name(self, directory, people):
        up = directory.get("Users", {"sortBy": "userName"}).names
        down = directory.get("Users", {"sortBy": "userName", "sortOrder": "descending"}).names

        assert up == sorted(up)
        assert down == up[::-1]

    def test_is_refused_by_what_has_no_order_here(self, directory):
        refused = directory.get("Users", {"sortBy": "title"})

        assert (refused.status, refused.body["scimType"]) == (400, "invalidPath")


class TestSearching:
    def test_by_post_finds_the_same(self, directory, people):
        body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": "title pr", "count": 1}

        found = directory.post("Users/.search", body)

        assert found.status == 200
        assert (found.body["totalResults"], found.body["itemsPerPage"]) == (3, 1)

    def test_over_everything_gives_people_then_groups(self, directory, people):
        directory.gather("Ada's friends")

        found = directory.post(".search", {"filter": 'displayName sw "ada"', "startIndex": 2, "count": 5}).body

        assert found["totalResults"] == 2
        assert [one["meta"]["resourceType"] for one in found["Resources"]] == ["Group"]
