"""What people do with their own account and company keeps to the schema."""

from __future__ import annotations

from tests.contracts.fuzzing import ContractTests, operations_with, with_tests_of

TAGS = ("me", "tenant")


@with_tests_of(operations_with(*TAGS))
class TestOwnAccount(ContractTests): ...
