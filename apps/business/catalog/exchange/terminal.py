"""What the commands for the terminal share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.core.management.base import CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from apps.core.errors import NotFound
from apps.iam.facade import iam
from apps.iam.facade.contracts import TenantInfo


def tenant_named(name: str) -> TenantInfo:
    """By its slug or its id. Raises CommandError."""
    try:
        return iam.tenant(UUID(name))
    except (ValueError, NotFound):
        pass
    try:
        return iam.tenant_by_slug(name)
    except NotFound as error:
        raise CommandError(f"there is no tenant {name}") from error


@contextmanager
def shown_progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal; nothing elsewhere."""
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("lines")
        yield lambda done, total: bar.update(task, completed=done, total=total)
