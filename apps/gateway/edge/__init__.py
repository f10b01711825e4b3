"""The edge: answers a request before Django, in the same process, when it can do so from memory.

The web process calls `answer` as soon as a request's header is complete (`apps.core.web.protocol`). This is the place
of the principal cache, the rate limit and the response cache. No response is cached yet, so every request goes on.
"""

from apps.gateway.edge.answers import answer

__all__ = ["answer"]
