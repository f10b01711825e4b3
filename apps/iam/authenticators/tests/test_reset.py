"""Help by the platform's staff for somebody who lost every factor, and what the person is told by mail."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from apps.core.mail.models import OutgoingMessage
from apps.iam.authenticators import commands, queries

pytestmark = pytest.mark.django_db


class TestCommand:
    def test_resets_whoever_it_is(self, ada, passkey_of, capsys):
        passkey_of(ada.user_id)

        call_command("reset_second_factors", ada.user.email, reason="lost phone")

        assert "removed: 1" in capsys.readouterr().out
        assert not queries.kinds_of(ada.user_id)

    def test_knows_nobody_by_another_address(self, db):
        with pytest.raises(CommandError, match="nobody"):
            call_command("reset_second_factors", "nobody@mail.example", reason="x")


def test_the_person_is_told_of_every_change_by_mail(ada, by_ada, passkey_of, app_of, now, settings):
    settings.EMAIL_URL = "outbox://"
    made = passkey_of(ada.user_id)
    app_of(ada.user_id)
    commands.make_recovery_codes(user_id=ada.user_id, actor=by_ada, now=now)
    commands.remove_authenticator(user_id=ada.user_id, authenticator_id=made.id, actor=by_ada, now=now)

    sent = OutgoingMessage.objects.filter(person_id=ada.user_id, template="second_factors_changed")

    assert sent.count() == 4
