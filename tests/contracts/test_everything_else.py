"""Every operation that no file beside this one tests keeps to the schema."""

from __future__ import annotations

from tests.contracts import test_access, test_own, test_people
from tests.contracts.fuzzing import ContractTests, operations_without, with_tests_of


@with_tests_of(operations_without(*test_access.TAGS, *test_own.TAGS, *test_people.TAGS))
class TestEverythingElse(ContractTests): ...
