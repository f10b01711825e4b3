"""Which transaction-local settings a statement needs: the scope for row-level security, the provenance for history."""

from __future__ import annotations

import json
from dataclasses import dataclass

from apps.core.history.actor import Provenance, current_provenance
from apps.core.tenancy.context import NOBODY, Scope, current_scope

END_OF_PREFIX = "/*scope*/ "


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """What PostgreSQL is to know while a statement runs."""

    scope: Scope = NOBODY
    provenance: Provenance | None = None

    @property
    def empty(self) -> bool:
        return self.scope == NOBODY and self.provenance is None

    def prefix(self) -> str:
        """`select set_config(…); ` for all settings; an absent one is sent as '' so that nothing older stays."""
        provenance = self.provenance
        values = {
            "app.tenant_id": str(self.scope.tenant_id or ""),
            "app.person_id": str(self.scope.person_id or ""),
            "pghistory.context_id": str(provenance.id) if provenance else "",
            "pghistory.context_metadata": json.dumps(provenance.metadata()) if provenance else "",
        }
        calls = ", ".join(f"set_config('{name}', {quoted(value)}, true)" for name, value in values.items())
        return f"select {calls}; {END_OF_PREFIX}"


def quoted(value: str) -> str:
    """A PostgreSQL string literal, right under any standard_conforming_strings. NUL cannot be stored: left out."""
    escaped = value.replace("\x00", "").replace("\\", "\\\\").replace("'", "''")
    return f"E'{escaped}'"


NONE = SessionSettings()


def wanted(*, reading: bool) -> SessionSettings:
    """The settings of the moment. A lone read leaves no history and does without the provenance."""
    return SessionSettings(current_scope(), None if reading else current_provenance())
