"""Background work of the identity provider."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from apps.core import mail
from apps.iam.oidc import commands, signing_keys
from apps.iam.users import queries as users


@shared_task(name="oidc.forget_expired", acks_late=True)
def forget_expired(**_later: object) -> None:
    """Delete codes, tokens and used refresh tokens that are over. Safe to run twice."""
    commands.forget_expired()


@shared_task(name="oidc.tell_of_lock", acks_late=True)
def tell_of_lock(*, email: str, address: str, **_later: object) -> None:
    """Tell the person, if there is one, that somebody keeps guessing their password. Running twice sends two mails."""
    user = users.user_by_email(email)
    if user is not None:
        context = {"name": user.name, "address": address}
        mail.notify(template="locked_out", to=user.email, context=context, person_id=user.id, now=timezone.now())


@shared_task(name="oidc.rotate_signing_keys", acks_late=True)
def rotate_signing_keys(**_later: object) -> None:
    """Let the next key sign where the present one has for SIGNING_KEY_LIFETIME_DAYS. Safe to run twice, or at once."""
    signing_keys.rotate(now=timezone.now(), older_than=timedelta(days=settings.SIGNING_KEY_LIFETIME_DAYS))
