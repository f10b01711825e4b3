"""Tell the clients of a session that it has ended (OpenID Connect Back-Channel Logout 1.0 §2.5)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from apps.core.errors import DomainError
from apps.core.events import unit_of_work
from apps.core.observability import get_logger
from apps.core.remote import outbound
from apps.iam.oidc import queries as oidc
from apps.iam.sessions.dependencies import SIGN_OUT_LISTENERS
from apps.iam.sessions.logout_tokens import logout_token
from apps.iam.sessions.models import LogoutNotice, Session

MOST_ATTEMPTS = 12
_FIRST_WAIT_S = 5.0
_LONGEST_WAIT_S = 3600.0
_DELIVERED = (200, 204)
_logger = get_logger("iam.sessions")


def queue_notices(session: Session, *, now: datetime) -> None:
    """Remember who is to be told, while it is known: in the transaction of the end, before the tokens go."""
    LogoutNotice.objects.bulk_create(
        LogoutNotice(
            session=session, application=client, uri=client.backchannel_logout_uri, next_attempt_at=now, created_at=now
        )
        for client in oidc.clients_to_tell(session.id)
    )


def deliver_notice(*, notice_id: UUID, now: datetime) -> bool:
    """Tell one client, if it is time. True if it heard. Safe to run twice, or twice at once.

    An attempt that fails is repeated after 5 s, 10 s, 20 s … up to an hour; after 12 of them nobody tries any more. One
    that was not made, since the client failed at others a moment ago, does not count.
    """
    notice = _taken(notice_id, now)
    if notice is None:
        return False
    try:
        error = _tell(notice)
    except outbound.NotAsked as put_off:
        _put_off(notice, until=now + timedelta(seconds=put_off.retry_after_s))
        return False
    _settle(notice, error, now=now)
    return not error


def wait_s(attempts: int) -> float:
    """Seconds between attempt number `attempts`, counted from 1, and the next."""
    return float(min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** (attempts - 1)))


def _taken(notice_id: UUID, now: datetime) -> LogoutNotice | None:
    """The notice, if this attempt is ours; the next one is due already, should we not come back."""
    with unit_of_work(LogoutNotice):
        rows = LogoutNotice.objects.select_for_update(of=("self",), skip_locked=True)
        waiting = rows.filter(id=notice_id, status=LogoutNotice.Status.PENDING, next_attempt_at__lte=now)
        notice = waiting.select_related("session", "application").first()
        if notice is not None:
            notice.attempts += 1
            notice.next_attempt_at = now + timedelta(seconds=wait_s(notice.attempts))
            notice.save(update_fields=["attempts", "next_attempt_at"])
    return notice


def _tell(notice: LogoutNotice) -> str:
    """What went wrong; empty when the client heard. Raises NotAsked."""
    client = notice.application
    token = logout_token(
        session_id=notice.session_id,
        subject=oidc.subject_for(client, notice.session.user_id),
        client_id=client.client_id,
        algorithm=client.algorithm,
    )
    try:
        status = outbound.post_form(notice.uri, {"logout_token": token}, through=SIGN_OUT_LISTENERS)
    except outbound.NotAsked:
        raise
    except DomainError as error:
        return str(error)
    return "" if status in _DELIVERED else f"answered {status}"


def _put_off(notice: LogoutNotice, *, until: datetime) -> None:
    notice.attempts -= 1
    notice.next_attempt_at = until
    with unit_of_work(LogoutNotice):
        notice.save(update_fields=["attempts", "next_attempt_at"])


def _settle(notice: LogoutNotice, error: str, *, now: datetime) -> None:
    if not error:
        notice.status, notice.delivered_at = LogoutNotice.Status.DELIVERED, now
    elif notice.attempts >= MOST_ATTEMPTS:
        notice.status = LogoutNotice.Status.GIVEN_UP
    notice.last_error = error[:200]
    with unit_of_work(LogoutNotice):
        notice.save(update_fields=["status", "delivered_at", "last_error"])
    if error:
        _logger.warning(
            "a client was not told of the end of a session",
            client=notice.application.client_id,
            sid=str(notice.session_id),
            attempts=notice.attempts,
            status=notice.status,
            error=error,
        )
