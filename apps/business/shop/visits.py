"""A visit to a shop: by its public address, with the cart that the browser's cookie stands for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from apps.business.carts import commands, queries
from apps.business.carts.entering import Entrance, entered
from apps.business.carts.visitors import Visitor
from apps.business.catalog import queries as catalog
from apps.core.api.pages import PUBLIC, page

View = Callable[..., HttpResponse]
_DAY_S = 24 * 3600


@dataclass(slots=True)
class Visit:
    """Where somebody is, and who. `visitor` changes when somebody unknown puts something into a cart."""

    here: Entrance
    visitor: Visitor
    at: Any = field(default_factory=timezone.now)

    @property
    def path(self) -> str:
        return f"/shop/{self.here.slug}/"

    def contents(self) -> Any:
        """What lies in the cart now."""
        return queries.contents_of(self.visitor, currency=self.here.currency, now=self.at)

    def show(self, request: Any, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        """A page in the shop's own frame."""
        frame = {
            "shop": self.here,
            "shop_path": self.path,
            "signed_in": self.visitor.user_id is not None,
            "pieces": queries.pieces_of(self.visitor),
            "shelves": catalog.category_tree(),
        }
        return render(request, template, {**frame, **context}, status=status)


def shop_page(*, get: bool = True, post: bool = False) -> Callable[[View], View]:
    """A page that everybody may see (`get`), or send forms to (`post`), while the shop is open."""

    def decorate(view: View) -> View:
        @page(get=PUBLIC if get else None, post=PUBLIC if post else None)
        @wraps(view)
        def visited(request: Any, slug: str, **kwargs: Any) -> HttpResponse:
            with entered(request, slug, request.COOKIES.get(_cookie(slug), "")[:100]) as here:
                visit = Visit(here, _with_own_cart(here))
                response = view(request, visit, **kwargs)
                _remember(response, visit)
                return response

        return visited

    return decorate


def _with_own_cart(here: Entrance) -> Visitor:
    """Who is signed in by now brings along what the browser's cart holds."""
    if here.visitor.user_id is not None and here.token:
        commands.adopt(visitor=here.visitor, token=here.token, currency=here.currency, now=timezone.now())
    return here.visitor


def _remember(response: HttpResponse, visit: Visit) -> None:
    """The cookie is set once somebody unknown has a cart, and goes when it is theirs."""
    name = _cookie(visit.here.slug)
    if visit.visitor.user_id is not None:
        if visit.here.token:
            response.delete_cookie(name, samesite="Lax")
    elif visit.visitor.token != visit.here.token:
        response.set_cookie(
            name,
            visit.visitor.token,
            max_age=settings.CARTS_KEPT_DAYS * _DAY_S,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def _cookie(slug: str) -> str:
    return f"{'__Host-' if settings.SESSION_COOKIE_SECURE else ''}cart-{slug}"
