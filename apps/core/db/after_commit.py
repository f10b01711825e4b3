"""What is done once a transaction is committed, and never at its expense."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any

from django.db import transaction


def try_after_commit(function: Callable[..., Any], *arguments: Any, using: str, **named: Any) -> None:
    """Call the function once what is open on this database is committed; at once where nothing is open.

    What it raises is logged, and everything else that waits for the commit goes on.
    """
    # Django logs a failure by the name of the function, and fails itself at what has none: a bare partial.
    call = update_wrapper(partial(function, *arguments, **named), function)
    transaction.on_commit(call, using=using, robust=True)
