"""What files are kept for: each purpose says which types it takes, and how large."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

# What a browser shows without running anything. SVG is not among them: it is a document with scripts.
IMAGES = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp"})
DOCUMENTS = frozenset({"application/pdf"})
TEXTS = frozenset({"text/plain"})
KNOWN = IMAGES | DOCUMENTS | TEXTS


@dataclass(frozen=True, slots=True)
class Purpose:
    """Why a file is kept, such as `catalog.product-image`. `max_bytes` is the most that it takes, if FILES_MAX_BYTES
    does not say less: that is for files from outside, not for those that the platform writes itself (`written_here`).
    """

    name: str
    types: frozenset[str]
    max_bytes: int
    written_here: bool = False

    @property
    def limit(self) -> int:
        """In bytes."""
        return self.max_bytes if self.written_here else min(self.max_bytes, int(settings.FILES_MAX_BYTES))


def purpose(name: str, *, types: Iterable[str], max_bytes: int, written_here: bool = False) -> Purpose:
    """Declare what files are kept for. Raises ValueError for a type that cannot be told from its content."""
    wanted = frozenset(types)
    if not wanted or not wanted <= KNOWN:
        raise ValueError(f"{name} may take some of {', '.join(sorted(KNOWN))}, not {', '.join(sorted(wanted))}")
    return Purpose(name, wanted, max_bytes, written_here)
