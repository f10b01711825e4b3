"""Dead letters to operate on, as the operations' own tests make them."""

from apps.core.operations.tests.conftest import _healthy_handlers, stuck

__all__ = ["_healthy_handlers", "stuck"]
