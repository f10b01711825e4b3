"""Who changed what, before and after: kept by triggers in the database of the row, so bulk updates are caught too."""

from apps.core.history.actor import SYSTEM, Actor, Provenance, acting, current_actor, current_provenance
from apps.core.history.origin import Origin, coming_from, current_origin

__all__ = [
    "SYSTEM",
    "Actor",
    "Origin",
    "Provenance",
    "acting",
    "coming_from",
    "current_actor",
    "current_origin",
    "current_provenance",
]
