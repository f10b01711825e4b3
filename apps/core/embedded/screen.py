"""What the person at the terminal sees: the steps of the start, then one short screen, then news."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table


class Screen:
    """Prints to a terminal with a moving progress line, to anything else line by line."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)
        self._progress: Progress | None = None

    @contextmanager
    def starting(self, steps: int) -> Iterator[None]:
        """Show progress through so many steps inside the block."""
        columns = (
            SpinnerColumn(),
            BarColumn(24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
        )
        # Refreshed by `pulse` instead of by a thread of its own: processes are forked from here.
        progress = Progress(
            *columns, console=self._console, transient=True, auto_refresh=False, disable=not self._console.is_terminal
        )
        progress.add_task("", total=steps)
        with progress:
            self._progress = progress
            try:
                yield
            finally:
                self._progress = None

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step: named while it runs, ticked off with its time when it is done."""
        began = time.monotonic()
        self._describe(name)
        yield
        self._print(f"  [green]✓[/] {escape(name)} [dim]{time.monotonic() - began:.1f} s[/]")
        if self._progress:
            self._progress.advance(self._progress.task_ids[0])

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Leave the terminal to somebody else inside the block."""
        progress, self._progress = self._progress, None
        if progress:
            progress.stop()
        yield
        if progress:
            progress.start()
        self._progress = progress

    def pulse(self) -> None:
        if self._progress:
            self._progress.refresh()

    def say(self, text: str) -> None:
        """One line of news with the time of day."""
        self._print(f"  [dim]{datetime.now().astimezone():%H:%M:%S}[/] {escape(text)}")

    def note(self, text: str) -> None:
        """Something the person should know about this installation."""
        self._print(f"  [yellow]![/] {escape(text)}")

    def fail(self, text: str) -> None:
        self._print(f"[bold red]It stopped:[/] {escape(text)}")

    def plain(self, text: str) -> None:
        self._print(escape(text))

    def running(self, facts: Mapping[str, str], tenants: list[dict[str, Any]]) -> None:
        """The screen that stays: where everything is and who can sign in."""
        table = Table.grid(padding=(0, 2))
        table.add_column(style="bold")
        table.add_column()
        for name, value in facts.items():
            table.add_row(f"  {name}", escape(value))
        self._print("")
        self._print(table)
        if tenants:
            self._print("")
            self._print(_accounts(tenants))
        self._print("\n  Ctrl-C stops it; the data stays.")

    def _describe(self, name: str) -> None:
        if self._progress:
            self._progress.update(self._progress.task_ids[0], description=name)
            self._progress.refresh()

    def _print(self, what: object) -> None:
        with suppress(OSError):  # the terminal is gone; the platform need not be
            self._console.print(what)


def _accounts(tenants: list[dict[str, Any]]) -> Table:
    table = Table.grid(padding=(0, 2))
    for heading in ("  Tenant", "Role", "E-mail", "Password"):
        table.add_column(heading)
    table.add_row("  [bold]Tenant", "[bold]Role", "[bold]E-mail", "[bold]Password")
    for tenant in tenants:
        for account in tenant.get("accounts", []):
            table.add_row(f"  {tenant['slug']}", account["role"], account["email"], escape(account["password"]))
    return table
