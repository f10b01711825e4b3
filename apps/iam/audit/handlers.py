"""The one consumer that writes the security log: what was told on purpose, and domain events that matter to it."""

from __future__ import annotations

from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from apps.core.events import Envelope, Event, handles
from apps.iam.audit import commands
from apps.iam.audit.events import SecurityEventRecorded
from apps.iam.audit.facts import facts_of, facts_told
from apps.iam.audit.relevance import relevant_events

GROUP = "iam.security_log"


@handles(SecurityEventRecorded, group=GROUP)
def record_what_was_told(told: SecurityEventRecorded, *, envelope: Envelope) -> None:
    """Append it to the chain. The group's inbox keeps the effect of a second delivery away."""
    commands.append_record(facts_told(told, envelope), now=timezone.now())


def record_what_happened(happened: Event, *, envelope: Envelope) -> None:
    """Append a domain event to the chain, as it was registered (`relevance`)."""
    commands.append_record(facts_of(happened, envelope), now=timezone.now())


autodiscover_modules("events")
for _cls in relevant_events():
    handles(_cls, group=GROUP)(record_what_happened)
