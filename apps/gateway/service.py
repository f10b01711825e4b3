"""What the gateway is made of. It owns no database: sessions are in Redis, everything else is asked of the services."""

from __future__ import annotations

NAME = "gateway"
DATABASE = None
FEATURES = ("bff", "edge", "ratelimit")
TOPICS = ()
