"""What the simulator remembers: things by id, answers by idempotency key, and webhook calls that are owed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

_TABLES = """
create table if not exists thing (account text, id text, body text, primary key (account, id));
create table if not exists answer (account text, key text, asked text, status int, body text, lost int,
    primary key (account, key));
create table if not exists notice (id integer primary key, account text, body text, due real);
"""
_BUSY_S = 10.0


class Store:
    """One file; each use is a transaction that waits for the one before."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def session(self) -> Iterator[Session]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None)) as connection:
            connection.executescript(_TABLES)
            connection.execute("begin immediate")
            try:
                yield Session(connection)
            except BaseException:
                connection.execute("rollback")
                raise
            connection.execute("commit")

    def hand_over(self, hand: Callable[[str, bytes], None], *, now: float) -> int:
        """Make the webhook calls that are due, by `hand(account, body)`; returns how many. What raises stays owed."""
        with self.session() as session:
            due = session.due_notices(now)
        for id_, account, body in due:
            hand(account, body.encode())
            with self.session() as session:
                session.forget_notice(id_)
        return len(due)


class Session:
    """What can be done in one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def thing(self, account: str, id_: str) -> dict[str, Any] | None:
        row = self._one("select body from thing where account = ? and id = ?", account, id_)
        return json.loads(row[0]) if row else None

    def things(self, account: str) -> list[dict[str, Any]]:
        """Everything of an account, in no order."""
        rows = self._connection.execute("select body from thing where account = ?", (account,))
        return [json.loads(row[0]) for row in rows]

    def keep(self, account: str, thing: dict[str, Any]) -> None:
        self._connection.execute("insert or replace into thing values (?, ?, ?)", (account, thing["id"], _text(thing)))

    def answer(self, account: str, key: str) -> tuple[str, int, str, int] | None:
        """What was asked with this key, status and body of the answer, and how often that was lost."""
        row: tuple[str, int, str, int] | None = self._one(
            "select asked, status, body, lost from answer where account = ? and key = ?", account, key
        )
        return row

    def keep_answer(self, account: str, key: str, asked: str, status: int, body: str) -> None:
        self._connection.execute("insert into answer values (?, ?, ?, ?, ?, 0)", (account, key, asked, status, body))

    def lose_answer(self, account: str, key: str) -> None:
        self._connection.execute("update answer set lost = lost + 1 where account = ? and key = ?", (account, key))

    def owe_notice(self, account: str, event: dict[str, Any], *, due: float) -> None:
        self._connection.execute(
            "insert into notice (account, body, due) values (?, ?, ?)", (account, _text(event), due)
        )

    def due_notices(self, now: float) -> list[tuple[int, str, str]]:
        return list(
            self._connection.execute("select id, account, body from notice where due <= ? order by due, id", (now,))
        )

    def forget_notice(self, id_: int) -> None:
        self._connection.execute("delete from notice where id = ?", (id_,))

    def _one(self, statement: str, *values: str) -> Any:
        return self._connection.execute(statement, values).fetchone()


def _text(thing: dict[str, Any]) -> str:
    return json.dumps(thing, sort_keys=True)
