"""How many calls may be under way at once: in all, and for one tenant. One that is full refuses; nobody waits in it."""

from __future__ import annotations

import threading


class Bulkhead:
    def __init__(self, most: int, most_per_tenant: int) -> None:
        self.under_way = 0
        self._most, self._most_per_tenant = most, most_per_tenant
        self._of_tenant: dict[object, int] = {}
        self._lock = threading.Lock()

    def enter(self, tenant: object) -> bool:
        """False: it is full. `tenant` None counts for all only."""
        with self._lock:
            if self.under_way >= self._most:
                return False
            if tenant is not None:
                of_tenant = self._of_tenant.get(tenant, 0)
                if of_tenant >= self._most_per_tenant:
                    return False
                self._of_tenant[tenant] = of_tenant + 1
            self.under_way += 1
            return True

    def leave(self, tenant: object) -> None:
        with self._lock:
            self.under_way -= 1
            if tenant is not None:
                left = self._of_tenant.pop(tenant) - 1
                if left:
                    self._of_tenant[tenant] = left
