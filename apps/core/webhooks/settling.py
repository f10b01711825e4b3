"""What an attempt means for its delivery and for the health of its webhook."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from apps.core.db.router import alias_for
from apps.core.events.retry import retry_delay_s
from apps.core.webhooks.claiming import Claimed, lock_health
from apps.core.webhooks.models import ERROR_LENGTH, WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookHealth
from apps.core.webhooks.posting import Result

_Because = WebhookDelivery.FailedBecause
_SETTLED = ("state", "failed_because", "settled_at", "retries", "failing_since", "next_at", "claim", "last_status")


def settle(claimed: Claimed, result: Result, *, now: datetime) -> str:
    """Write down what came of an attempt; returns why the webhook should be disabled, "" when it should not.

    A delivery whose lease ran out meanwhile belongs to somebody else: then only the attempt is written down.
    """
    with transaction.atomic(using=alias_for(WebhookDelivery)):
        health = lock_health(claimed.endpoint.id)
        _keep_attempt(claimed.delivery, result, now)
        own = _own(claimed.delivery)
        if own is not None:
            _decide(own, result, now)
            own.last_status, own.last_error, own.claim = result.status, result.error[:ERROR_LENGTH], None
            own.save(update_fields=[*_SETTLED, "last_error"])
        if health is None or claimed.delivery.is_test:
            return ""
        return _examined(health, result, now)


def give_up(claimed: Claimed, because: str, *, error: str, now: datetime) -> None:
    """End a delivery that cannot even be sent."""
    with transaction.atomic(using=alias_for(WebhookDelivery)):
        own = _own(claimed.delivery)
        if own is not None:
            own.fail(because, at=now)
            own.last_error, own.claim = error[:ERROR_LENGTH], None
            own.save(update_fields=[*_SETTLED, "last_error"])


def _decide(delivery: WebhookDelivery, result: Result, now: datetime) -> None:
    if result.is_success:
        delivery.succeed(at=now)
    elif delivery.state == WebhookDelivery.State.PENDING:  # else it was given up while it was under way
        delivery.note_failure(at=now)
        _try_again_or_fail(delivery, result, now)


def _try_again_or_fail(delivery: WebhookDelivery, result: Result, now: datetime) -> None:
    last_chance = (delivery.failing_since or now) + timedelta(seconds=settings.WEBHOOK_GIVE_UP_S)
    if delivery.is_test:
        delivery.fail(_Because.TEST, at=now)
    elif result.is_gone:
        delivery.fail(_Because.GONE, at=now)
    elif now >= last_chance:
        delivery.fail(_Because.EXHAUSTED, at=now)
    else:
        delivery.next_at = min(now + timedelta(seconds=_delay_s(delivery, result)), last_chance)


def _delay_s(delivery: WebhookDelivery, result: Result) -> float:
    base_s, cap_s = settings.WEBHOOK_RETRY_BASE_S, settings.WEBHOOK_RETRY_CAP_S
    return max(result.retry_after_s, retry_delay_s(delivery.retries - 1, base_s=base_s, cap_s=cap_s))


def _examined(health: WebhookHealth, result: Result, now: datetime) -> str:
    if result.is_success:
        health.succeeded(at=now)
    else:
        health.failed(at=now, rest=timedelta(seconds=max(result.retry_after_s, _rest_s(health.failures + 1))))
    health.save()
    return _reason_to_disable(health, result, now)


def _rest_s(failures: int) -> float:
    """Seconds in which nothing is sent to a webhook that failed so often in a row, and each time longer."""
    over = failures - settings.WEBHOOK_REST_AFTER
    if over < 0:
        return 0.0
    base_s = settings.WEBHOOK_REST_BASE_S
    return float(base_s + retry_delay_s(over, base_s=base_s, cap_s=settings.WEBHOOK_REST_CAP_S))


def _reason_to_disable(health: WebhookHealth, result: Result, now: datetime) -> str:
    if result.is_gone:
        return WebhookEndpoint.DisabledBecause.GONE
    too_long = timedelta(seconds=settings.WEBHOOK_DISABLE_AFTER_S)
    if health.failing_since is not None and now - health.failing_since >= too_long:
        return WebhookEndpoint.DisabledBecause.FAILING
    return ""


def _keep_attempt(delivery: WebhookDelivery, result: Result, now: datetime) -> None:
    WebhookAttempt(
        delivery=delivery,
        number=delivery.attempts,
        at=now,
        created_at=now,
        duration_ms=result.duration_ms,
        status=result.status,
        error=result.error[:ERROR_LENGTH],
        request_headers=dict(result.request_headers),
        response_headers=dict(result.response_headers),
        response_excerpt=result.response_excerpt,
    ).save()


def _own(delivery: WebhookDelivery) -> WebhookDelivery | None:
    """The row as it is now, unless somebody else has taken it."""
    rows = WebhookDelivery.objects.in_tenant().select_for_update().filter(id=delivery.id, claim=delivery.claim)
    found: WebhookDelivery | None = rows.first()
    return found
