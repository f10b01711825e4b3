"""What is done with people keeps to the schema, and so does what programs do for them."""

from __future__ import annotations

from tests.contracts.fuzzing import ContractTests, operations_with, with_tests_of

TAGS = ("users", "service-accounts", "applications")


@with_tests_of(operations_with(*TAGS))
class TestPeopleAndPrograms(ContractTests): ...
