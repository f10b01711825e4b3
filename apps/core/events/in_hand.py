"""What a reader has fetched and not finished, and which of it goes into one transaction together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from uuid import UUID

from apps.core.events.envelope import Envelope
from apps.core.events.subscriptions import Group


def _always(place: int) -> bool:
    return True


class InHand:
    """Events in the order in which they were fetched, by their places in it, and which of them are settled.

    None stands for what is no event any more, or none that can be read. `still_ours` says whether a place is to be
    handled here.
    """

    def __init__(self, envelopes: Iterable[Envelope | None], still_ours: Callable[[int], bool] = _always) -> None:
        self._envelopes = list(envelopes)
        self._settled = [False] * len(self._envelopes)
        self._still_ours = still_ours

    def __getitem__(self, place: int) -> Envelope:
        envelope = self._envelopes[place]
        if envelope is None:
            raise IndexError(place)
        return envelope

    def is_settled(self, place: int) -> bool:
        return self._settled[place]

    def settle(self, places: Iterable[int]) -> None:
        for place in places:
            self._settled[place] = True

    def left(self, places: Iterable[int]) -> list[int]:
        """Those that are still to be handled here; the others are somebody else's by now."""
        return [place for place in places if not self._settled[place] and self._still_ours(place)]

    @property
    def settled_first(self) -> int:
        """How many are settled before the first that is not."""
        return self._settled.index(False) if False in self._settled else len(self._settled)

    def shares(self, group: Group, *, at_most: int) -> Iterator[list[int]]:
        """Places that go together, in the order in which that is to be done; what the group passes over is settled.

        The events of one tenant, in their order, since what happens to one tenant is nothing to the others. A handler
        that wants to be alone with its event is.
        """
        for places in self._by_tenant(group).values():
            share: list[int] = []
            for place in places:
                alone = group.wants_alone(self[place].event_type)
                if share and (alone or len(share) == at_most):
                    yield share
                    share = []
                share.append(place)
                if alone:
                    yield share
                    share = []
            if share:
                yield share

    def _by_tenant(self, group: Group) -> dict[UUID, list[int]]:
        found: dict[UUID, list[int]] = {}
        for place, envelope in enumerate(self._envelopes):
            if envelope is None or not group.wants(envelope.event_type):
                self._settled[place] = True
            else:
                found.setdefault(envelope.metadata.tenant_id, []).append(place)
        return found
