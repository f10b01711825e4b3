"""Why a message is not taken, or cannot be sent."""

from __future__ import annotations

from apps.core.errors import Conflict, TooManyRequests


class TooManyMessages(TooManyRequests):
    """This address was sent enough messages of this kind: wait before asking for another."""

    code = "too_many_messages"


class MailIsOff(Conflict):
    """This installation sends no mail: ask an administrator."""

    code = "mail_is_off"


class Undeliverable(Exception):
    """The recipient's server will never take this message (SMTP 5xx, RFC 5321 §4.2.1): trying again is no use."""
