"""How the consumer groups of a service stand: how far behind, whether somebody reads, what they did and parked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connections
from django.utils import timezone

from apps.core.events import standing
from apps.core.events.errors import GroupNotFound
from apps.core.events.models import GroupActivity, GroupChange
from apps.core.events.subscriptions import Group, groups

UNREAD = "unread"
STATES = (*standing.State.values, UNREAD)
# A reader says every twenty seconds that it is here, and what it did every five.
_SILENCE = timedelta(minutes=1)

# Of each group: what comes after its place, and since when the first of it has waited. Positions have next to no gaps,
# so that nothing needs to be counted.
_BEHIND = """
select wanted."group", greatest(0, coalesce(ends.last - greatest(place.position, ends.first - 1), 0)),
       (select recorded_at from events_position where position > place.position order by position limit 1)
from unnest(%s::text[]) as wanted("group")
left join events_consumer_offset stored on stored."group" = wanted."group"
cross join lateral (select coalesce(stored.position, 0) as position) place
cross join (select min(position) as first, max(position) as last from events_position) ends
"""


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a group is behind one source: a database's log, or a topic of Kafka.

    `behind` counts places, also of events that the group will pass over; None: it could not be found out. `oldest_at`
    is when the first of them was recorded, where the source tells.
    """

    source: str
    behind: int | None
    oldest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """One group. `state` is one of STATES: UNREAD is one that may read, and nobody does."""

    group: Group
    state: str
    change: GroupChange | None
    seen_at: datetime | None
    handled: int = 0
    failed: int = 0
    parked: int = 0
    open_letters: int = 0
    lags: list[Lag] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.group.name

    @property
    def behind(self) -> int | None:
        """All sources together; None when one is not known."""
        counts = [lag.behind for lag in self.lags if lag.behind is not None]
        return sum(counts) if len(counts) == len(self.lags) else None

    @property
    def oldest_at(self) -> datetime | None:
        return min((lag.oldest_at for lag in self.lags if lag.oldest_at is not None), default=None)


def groups_of(service: str) -> list[Group]:
    """The groups of one service, by name."""
    return [group for group in groups() if group.service == service]


def group_of_service(name: str, service: str) -> Group:
    """One of them. Raises GroupNotFound."""
    for group in groups_of(service):
        if group.name == name:
            return group
    raise GroupNotFound(f"{service} has no consumer group {name}")


def standings(wanted: Iterable[Group], *, lags: bool = True) -> list[Standing]:
    """How these groups stand. Three statements per database of effects and one per log; with Kafka a few questions."""
    chosen, now = list(wanted), timezone.now()
    facts = {alias: _facts(alias) for alias in {group.using for group in chosen}}
    behind = _lags(chosen) if lags else {}
    return [_standing(group, facts[group.using], behind.get(group.name, []), now) for group in chosen]


def standing_of(group: Group) -> Standing:
    """The same of one group."""
    (found,) = standings([group])
    return found


@dataclass(frozen=True, slots=True)
class _Facts:
    """What one database knows of the groups whose effects it keeps."""

    changes: dict[str, GroupChange]
    activity: dict[str, GroupActivity]
    open_letters: dict[str, int]


def _facts(alias: str) -> _Facts:
    latest = GroupChange.objects.using(alias).order_by("group", "-id").distinct("group")
    with connections[alias].cursor() as cursor:
        cursor.execute('select "group", open from events_open_dead_letters()')
        parked = dict(cursor.fetchall())
    return _Facts(
        changes={change.group: change for change in latest},
        activity={one.group: one for one in GroupActivity.objects.using(alias)},
        open_letters=parked,
    )


def _standing(group: Group, facts: _Facts, lags: list[Lag], now: datetime) -> Standing:
    change, activity = facts.changes.get(group.name), facts.activity.get(group.name)
    told = change.state if change else standing.State.RUNNING
    alive = activity is not None and now - activity.seen_at <= _SILENCE
    counts = {name: getattr(activity, name) for name in ("handled", "failed", "parked")} if activity else {}
    return Standing(
        group=group,
        state=UNREAD if told == standing.State.RUNNING and not alive else str(told),
        change=change,
        seen_at=activity.seen_at if activity else None,
        open_letters=facts.open_letters.get(group.name, 0),
        lags=lags,
        **counts,
    )


def _lags(chosen: list[Group]) -> dict[str, list[Lag]]:
    if settings.EVENTS_TRANSPORT == "kafka":
        from apps.core.events.kafka_lag import lags_of  # loads librdkafka

        return lags_of(chosen)
    found: dict[str, list[Lag]] = {group.name: [] for group in chosen}
    for alias in sorted({alias for group in chosen for alias in group.sources}):
        names = [group.name for group in chosen if alias in group.sources]
        for name, behind, oldest_at in _behind(alias, names):
            found[name].append(Lag(alias, int(behind), oldest_at))
    return found


def _behind(alias: str, names: list[str]) -> list[tuple[Any, ...]]:
    with connections[alias].cursor() as cursor:
        cursor.execute(_BEHIND, [names])
        return list(cursor.fetchall())
