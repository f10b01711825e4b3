"""Files that a company entrusts to the platform: kept apart by tenant, examined, handed out by links that expire.

A feature declares what it keeps files for with `purpose`, keeps one with `keep` inside its unit of work, and stores the
id; `link` is where a browser finds the bytes. Their row is in the service's own database, the bytes in the storage
`files`: a folder, or an object store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apps.core.files.purposes import DOCUMENTS, IMAGES, TEXTS, Purpose, purpose

if TYPE_CHECKING:
    from apps.core.files.keeping import drop, keep
    from apps.core.files.links import link
    from apps.core.files.queries import files
    from apps.core.files.sweeping import erase_files

__all__ = ["DOCUMENTS", "IMAGES", "TEXTS", "Purpose", "drop", "erase_files", "files", "keep", "link", "purpose"]


def __getattr__(name: str) -> Any:
    """Late: Django imports this package to find its app, before any model may be imported."""
    from importlib import import_module

    homes = {"drop": "keeping", "keep": "keeping", "link": "links", "files": "queries", "erase_files": "sweeping"}
    if name not in homes:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{homes[name]}"), name)
