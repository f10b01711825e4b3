"""What somebody who acts in another person's name may not do."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.core.api.permissions import AUTHENTICATED, PERSONAL, NotAPerson, admit
from apps.core.auth import (
    IN_PERSON,
    VIEWERS,
    MissingPermission,
    NotWhileImpersonating,
    Permission,
    Principal,
    require_step_up,
)


class LetterPermission(Permission):
    """Known to the tests alone: declared permissions are found among all subclasses."""

    READ = "testletters.read", "Read letters", VIEWERS
    SIGN = "testletters.sign", "Sign letters", VIEWERS, IN_PERSON


@pytest.fixture
def ada() -> Principal:
    return Principal(
        subject=uuid4(), kind="user", tenant_id=uuid4(), permissions=frozenset(LetterPermission), name="Ada King"
    )


@pytest.fixture
def as_ada(ada) -> Principal:
    """Olive, acting as Ada."""
    return replace(ada, impersonator_id=uuid4(), impersonator_name="Olive Hart")


class TestPermissionThatIsUsedInPerson:
    def test_is_of_no_use_to_who_acts_in_the_persons_name(self, as_ada):
        with pytest.raises(NotWhileImpersonating, match="Olive Hart acts as Ada King"):
            as_ada.require(LetterPermission.SIGN)
        with pytest.raises(NotWhileImpersonating):
            admit(as_ada, LetterPermission.SIGN)
        assert not as_ada.may("testletters.sign")

    def test_is_held_by_the_person(self, ada):
        ada.require(LetterPermission.SIGN)
        admit(ada, LetterPermission.SIGN)
        assert ada.may("testletters.sign")

    def test_leaves_all_others_usable(self, as_ada):
        as_ada.require(LetterPermission.READ)
        assert as_ada.may("testletters.read")

    def test_that_the_person_lacks_is_missing_without_impersonation(self, ada):
        with pytest.raises(MissingPermission):
            replace(ada, permissions=frozenset()).require(LetterPermission.SIGN)


class TestPersonal:
    def test_lets_people_in_and_nobody_who_acts_in_their_name(self, ada, as_ada):
        admit(ada, PERSONAL)
        admit(as_ada, AUTHENTICATED)
        with pytest.raises(NotWhileImpersonating):
            admit(as_ada, PERSONAL)

    def test_is_not_for_service_accounts(self, ada):
        with pytest.raises(NotAPerson):
            admit(replace(ada, kind="service"), PERSONAL)


class TestSensitiveAction:
    def test_is_refused_whatever_the_sign_in_was(self, as_ada):
        with pytest.raises(NotWhileImpersonating):
            require_step_up(replace(as_ada, acr="aal2", authenticated_at=timezone.now()))
