"""GET /events/stream: server-sent events for whoever is signed in: the end of their session, and orders as they change.

A token is looked at when the stream begins and never again, so the stream ends with the session, and after a while in
any case: the browser connects anew, and is looked at anew.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from redis.asyncio import Redis

from apps.business.orders.news import channel_of
from apps.business.orders.permissions import OrderPermission
from apps.core.auth import Principal, session_news
from apps.core.auth.middleware import authenticate
from apps.core.errors import Unauthenticated
from apps.core.web.admission import admitted
from apps.core.web.interfaces import Receive, Scope, Send
from apps.core.web.sse import EventStream, ServerSentEvent, in_thread

LIFETIME_S = 600.0
SESSION_ENDED = ServerSentEvent(event="session-ended", data="{}")


def may_listen(request: Any) -> HttpResponse:
    """The view behind the stream: 200 for whoever may listen."""
    # A browser's event source can do nothing with the way to the sign-in page.
    return HttpResponse(status=401 if request.principal is None else 200)


async def order_events(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI route. One Redis subscription for each listener."""
    request: Any = await admitted(scope, send)
    if request is not None:
        still_signed_in = partial(in_thread, scope, partial(_is_signed_in, request))
        await EventStream(scope, receive, send).run(news_of(request.principal, still_signed_in=still_signed_in))


async def news_of(
    principal: Principal, *, still_signed_in: Callable[[], Awaitable[bool]], lifetime_s: float = LIFETIME_S
) -> AsyncIterator[ServerSentEvent]:
    """Ends with the session, after `lifetime_s`, and when Redis goes away; the browser then connects again."""
    orders = channel_of(principal.tenant_id)
    channels = [orders] if principal.may(OrderPermission.VIEW) else []
    ends_at = time.monotonic() + lifetime_s
    async with (
        Redis.from_url(settings.REDIS_URL, socket_connect_timeout=settings.REDIS_TIMEOUT_S) as redis,
        redis.pubsub(ignore_subscribe_messages=True) as subscription,
    ):
        await subscription.subscribe(session_news.channel_of(principal.session_id), *channels)
        # It may have ended between the look at the token and the subscription.
        if not await still_signed_in():
            yield SESSION_ENDED
            return
        while (left_s := ends_at - time.monotonic()) > 0:
            message = await subscription.get_message(timeout=left_s)
            if message is not None and message["channel"].decode() == orders:
                yield ServerSentEvent(event="order", data=message["data"].decode())
            elif message is not None:
                yield SESSION_ENDED
                return


def _is_signed_in(request: Any) -> bool:
    try:
        authenticate(request.META["HTTP_AUTHORIZATION"].partition(" ")[2])
    except Unauthenticated:
        return False
    return True
