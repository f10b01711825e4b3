"""A program that uses the platform's API, with a token of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx2

from tests.journeys.installation import Installation

_TIMEOUT_S = 30.0


class ApiClient:
    """The API client of one tenant. Every answer but those to `request` must be a success."""

    def __init__(self, base_url: str, registration: dict[str, str]) -> None:
        self._registration = registration
        self._http = httpx2.Client(base_url=base_url, timeout=_TIMEOUT_S, trust_env=False)
        self._http.headers["Authorization"] = f"Bearer {self._token()}"

    @classmethod
    def of(cls, installation: Installation, slug: str = "acme") -> ApiClient:
        return cls(installation.base_url, installation.tenant(slug)["api_client"])

    def _token(self) -> str:
        """By client credentials (RFC 6749 §4.4)."""
        who = (self._registration["client_id"], self._registration["client_secret"])
        grant = {"grant_type": "client_credentials"}
        answer = self._http.post(self._registration["token_url"], data=grant, auth=who)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def request(self, method: str, path: str, **kwargs: Any) -> httpx2.Response:
        """Any answer, errors too. Raises httpx2.HTTPError when there is none."""
        return self._http.request(method, f"/api/v1/{path}", **kwargs)

    def get(self, path: str, **parameters: Any) -> Any:
        """The `data` of the answer."""
        return _data(self.request("GET", path, params=parameters))

    def post(self, path: str, content: dict[str, Any], **kwargs: Any) -> Any:
        return _data(self.request("POST", path, json=content, **kwargs))

    def patch(self, path: str, content: dict[str, Any]) -> Any:
        return _data(self.request("PATCH", path, json=content))

    def every(self, path: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """All rows of a list, page after page."""
        following: str | None = f"/api/v1/{path}"
        wanted: dict[str, Any] | None = {"limit": 200, **parameters}
        while following:
            answer = self._http.get(following, params=wanted)
            yield from _data(answer)
            following, wanted = answer.json()["meta"]["links"]["next"], None  # the link has the parameters in it

    def page(self, path: str) -> str:
        """A page of the console, as HTML."""
        answer = self._http.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def new_product(self, *, stock: int, name: str = "", currency: str = "GBP") -> dict[str, Any]:
        """A product nobody else uses, with so many pieces on hand."""
        mark = uuid4().hex[:8]
        wish = {"sku": f"T-{mark}", "name": name or f"Thing {mark}", "unit_price": "12.5000", "currency": currency}
        product: dict[str, Any] = self.post("products", wish)
        receipt = {"kind": "receipt", "quantity": stock, "reason": "for a test"}
        self.post(f"products/{product['id']}/stock-adjustments", receipt)
        return product

    def on_hand(self, product_id: str) -> int:
        (level,) = self.get("stock-levels", product_id=product_id)
        return int(level["on_hand"])

    def forget(self) -> None:
        """Drop all cookies: what was written before no longer counts as this caller's own."""
        self._http.cookies.clear()

    def close(self) -> None:
        self._http.close()


def order_for(product: dict[str, Any], quantity: int = 1) -> dict[str, Any]:
    """The wish for an order of one product."""
    return {"currency": product["currency"], "lines": [{"product_id": product["id"], "quantity": quantity}]}


def _data(answer: httpx2.Response) -> Any:
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    return answer.json()["data"] if answer.content else None
