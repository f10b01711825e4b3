"""Read models that can be made again from the log, beside the ones that are read meanwhile.

A feature declares its projection next to the handlers that keep it up to date (`projection`). `manage.py replay` builds
a shadow of its tables from the log, tells how it differs, and puts it in their place; nobody waits.
"""

from apps.core.projections.definition import Projection, Table, being_replayed, projection

__all__ = ["Projection", "Table", "being_replayed", "projection"]
