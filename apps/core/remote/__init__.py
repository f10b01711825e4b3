"""Where a service's facade is carried out: in this process, or in another."""

from apps.core.remote.implementation import ServiceNotHere, implementation

__all__ = ["ServiceNotHere", "implementation"]
