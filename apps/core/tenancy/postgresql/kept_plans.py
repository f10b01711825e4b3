"""Statements that come with every request: planned once for a session of the database instead of each time.

Under row-level security to plan such a statement takes several times as long as to run it. `prepare` and `execute` are
used as statements of SQL, since only those travel in one message with the scope (ADR 3).
"""

from __future__ import annotations

import re
from functools import cached_property
from hashlib import sha256
from itertools import count

_PLACES = re.compile(r"%(?:\((\w+)\))?[s%]")


class KeptPlan(str):
    """SQL as it is passed to a cursor, its values as `%s`, or all by name. Whoever is no cursor of ours runs it as any
    other.

    The types of the values must follow from the statement: `%s` alone in a list of columns would be text.
    """

    @cached_property
    def name(self) -> str:
        return f"kept_{sha256(self.encode()).hexdigest()[:24]}"

    @cached_property
    def preparation(self) -> str:
        """`prepare … as …`, with `$1`, `$2` … for its values."""
        numbers = count(1)
        named: dict[str, str] = {}

        def number(place: re.Match[str]) -> str:
            if place[0] == "%%":
                return "%"
            return named.setdefault(place[1], f"${len(named) + 1}") if place[1] else f"${next(numbers)}"

        return f"prepare {self.name} as {_PLACES.sub(number, self)}"

    @cached_property
    def execution(self) -> str:
        """What takes the same values as the statement itself."""
        values = [place[0] for place in _PLACES.finditer(self) if place[0] != "%%"]
        each = dict.fromkeys(values) if values[0] != "%s" else values
        return f"execute {self.name} ({', '.join(each)})"
