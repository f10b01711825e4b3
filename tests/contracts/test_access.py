"""What decides on access keeps to the schema."""

from __future__ import annotations

from tests.contracts.fuzzing import ContractTests, operations_with, with_tests_of

TAGS = ("groups", "policies", "roles", "role-assignments", "separation-of-duty-rules", "access", "approvals")


@with_tests_of(operations_with(*TAGS))
class TestAccess(ContractTests): ...
