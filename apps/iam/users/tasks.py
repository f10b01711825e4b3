"""Background work on people."""

from __future__ import annotations

from celery import shared_task

from apps.iam.users import commands, queries


@shared_task(name="users.erase_again", acks_late=True)
def erase_again(**_later: object) -> None:
    """Erase whoever was erased and is there again, from a restored backup or after a crash. Safe to run twice."""
    for user_id in queries.back_from_erasure():
        commands.erase_again(user_id=user_id)
