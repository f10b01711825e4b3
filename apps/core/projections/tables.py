"""The shadow of a projection's tables: made, put in place, taken back. DDL is done by functions of the owner's, for
tables that a migration has marked as a projection's and for no others (see the first migration).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections
from django.db.transaction import atomic

from apps.core.projections.definition import Projection, projections

SHADOW, PREVIOUS = "projections_shadow", "projections_previous"


@contextmanager
def shadowed(alias: str) -> Iterator[None]:
    """A transaction in which the names of tables mean their shadows, where they have one."""
    with atomic(using=alias):
        with connections[alias].cursor() as cursor:
            cursor.execute(f"set local search_path = {SHADOW}, public")
        yield
        with connections[alias].cursor() as cursor:  # a transaction around goes on with the tables themselves
            cursor.execute("set local search_path to default")


def let_the_disk_wait(projection: Projection) -> None:
    """The transaction around is over before the disk has it. A crash takes a shadow's rows together with the note of
    how far it came, and the next commit that waits takes them along.
    """
    with connections[projection.using].cursor() as cursor:
        cursor.execute("set local synchronous_commit = off")


def prepare(projection: Projection) -> None:
    """Make empty shadows, in place of any that were there; rows are found by what is unique until `index`."""
    _call(projection, "projections_prepare")


def index(projection: Projection) -> None:
    """Give the shadows the indexes that only readers need. Safe to repeat; takes as long as there are rows."""
    with atomic(using=projection.using), connections[projection.using].cursor() as cursor:
        cursor.execute("set local statement_timeout = 0")
        cursor.execute("select projections_index(%s)", [projection.table_names])


def put_in_place(projection: Projection) -> None:
    """The shadows become the tables; what was there is kept apart. Call it in a transaction."""
    _call(projection, "projections_put_in_place")


def take_back(projection: Projection) -> None:
    """What was kept becomes the shadow."""
    _call(projection, "projections_take_back")


def drop(projection: Projection, schema: str) -> None:
    """Drop the shadows, or what was kept."""
    with connections[projection.using].cursor() as cursor:
        cursor.execute("select projections_drop(%s, %s)", [projection.table_names, schema])


def lock(projection: Projection) -> None:
    """To the end of the transaction nobody else reads or writes the tables."""
    with connections[projection.using].cursor() as cursor:
        for name in sorted(projection.table_names):
            cursor.execute(f'lock table public."{name}" in access exclusive mode')


def mark_after_migration(alias: str) -> None:
    """Say of each projection's table that it is one. Run as the owner, after every migration."""
    names = [name for one in projections() if one.using == alias for name in one.table_names]
    with connections[alias].cursor() as cursor:
        for name in names:
            cursor.execute("select to_regclass(%s) is not null", [f"public.{name}"])
            if cursor.fetchone()[0]:
                cursor.execute(f"comment on table public.\"{name}\" is 'projection'")


def _call(projection: Projection, function: str) -> None:
    with connections[projection.using].cursor() as cursor:
        cursor.execute(f"select {function}(%s)", [projection.table_names])
