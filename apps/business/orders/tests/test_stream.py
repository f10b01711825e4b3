import asyncio
import json
import threading
import time
from uuid import uuid4

import pytest
import redis
from django.conf import settings

from apps.business.orders.stream import SESSION_ENDED, news_of
from apps.business.orders.tests.factories import place
from apps.business.orders.tests.test_cancel_and_return import cancel
from apps.core.auth import Principal, session_news
from apps.core.tenancy import tenant

PATIENCE_S = 20


def principal(tenant_id, *permissions):
    return Principal(
        subject=uuid4(),
        kind="user",
        tenant_id=tenant_id,
        permissions=frozenset(permissions or {"orders.view"}),
        session_id=str(uuid4()),
    )


class Listener(threading.Thread):
    """Hears `count` events of the stream of a principal, or all until it ends."""

    def __init__(self, principal, count=None, *, signed_in=True, lifetime_s=600.0):
        super().__init__()
        self.principal, self.count, self.heard = principal, count, []
        self.signed_in, self.lifetime_s = signed_in, lifetime_s
        self.has_ended = False

    def run(self):
        async def still_signed_in():
            return self.signed_in

        async def listen():
            events = news_of(self.principal, still_signed_in=still_signed_in, lifetime_s=self.lifetime_s)
            async with asyncio.timeout(PATIENCE_S):
                while self.count is None or len(self.heard) < self.count:
                    try:
                        self.heard.append(await anext(events))
                    except StopAsyncIteration:
                        self.has_ended = True
                        break
            await events.aclose()

        asyncio.run(listen())

    def __enter__(self):
        self.start()
        deadline = time.monotonic() + PATIENCE_S
        channel = session_news.channel_of(self.principal.session_id)
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            while self.is_alive() and not dict(client.pubsub_numsub(channel))[channel.encode()]:
                assert time.monotonic() < deadline, "nobody subscribed"
        return self

    def __exit__(self, *error):
        self.join(PATIENCE_S)


@pytest.mark.django_db(transaction=True)
class TestOrderEvents:
    def test_tell_a_tenants_listeners_what_the_list_now_shows(self, drain, tenant_id, other_tenant_id):
        with Listener(principal(tenant_id), 2) as listener:
            with tenant(other_tenant_id):
                place()
            with tenant(tenant_id):
                order = place()
                cancel(order)
            drain()

        told = [json.loads(event.data) for event in listener.heard]
        assert [event.event for event in listener.heard] == ["order", "order"]
        assert told == [
            {"orderId": str(order.id), "eventType": "OrderPlaced"},
            {"orderId": str(order.id), "eventType": "OrderCancelled"},
        ]

    def test_are_not_told_to_who_may_not_see_orders(self, drain, tenant_id):
        someone = principal(tenant_id, "products.view")

        with Listener(someone) as listener:
            with tenant(tenant_id):
                place()
            drain()
            session_news.tell_end(someone.session_id)

        assert listener.heard == [SESSION_ENDED]


class TestTheEndOfTheSession:
    def test_ends_the_stream_and_says_so(self, tenant_id):
        mia, other = principal(tenant_id), principal(tenant_id)

        with Listener(mia) as listener:
            session_news.tell_end(other.session_id)
            session_news.tell_end(mia.session_id)

        assert (listener.heard, listener.has_ended) == ([SESSION_ENDED], True)

    def test_is_noticed_also_when_it_came_before_anybody_listened(self, tenant_id):
        with Listener(principal(tenant_id), signed_in=False) as listener:
            pass

        assert (listener.heard, listener.has_ended) == ([SESSION_ENDED], True)

    def test_is_looked_for_anew_after_a_while(self, tenant_id):
        with Listener(principal(tenant_id), lifetime_s=0.2) as listener:
            pass

        assert (listener.heard, listener.has_ended) == ([], True)


@pytest.mark.django_db
class TestMayListen:
    def test_whoever_is_signed_in(self, api_client, client):
        assert api_client("viewer").get("/events/stream").status_code == 200
        assert client.get("/events/stream", headers={"accept": "text/event-stream"}).status_code == 401
