"""The API's OpenAPI document: what views declare, within the envelope, with the problems that every view shares."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from apps.core.api import schema_parts as parts
from apps.core.api.documents import CONTENT_TYPE
from apps.core.api.permissions import PUBLIC, need_of
from apps.core.auth import Permission

_WRITES = ("POST", "PUT", "PATCH", "DELETE")


class EnvelopeSchema(AutoSchema):
    """The schema of an `ApiView`'s method."""

    def get_operation_id(self) -> str:
        """`patch_products_by_product_id`: made of method and path alone, so that it stays when code moves."""
        path = self.path.removeprefix("/api/v1").strip("/")
        words = [re.sub(r"\W+", "_", re.sub(r"\{(\w+)\}", r"by_\1", part)) for part in path.split("/")]
        return "_".join([self.method.lower(), *words])

    def get_summary(self) -> str | None:
        """The first sentence of the method's docstring, where it has one."""
        doc = (getattr(self.view, self.method.lower()).__doc__ or "").strip()
        return doc.split("\n")[0].rstrip(".") or None

    def get_description(self) -> str:  # type: ignore[override]
        need = self._need()
        permission = f"Needs the permission `{need}` ({need.label})." if isinstance(need, Permission) else ""
        return "\n\n".join(filter(None, (super().get_description(), permission)))

    def get_auth(self) -> list[dict[str, Any]]:
        schemes = super().get_auth()  # also registers them
        return [] if self._need() is PUBLIC else schemes

    def get_override_parameters(self) -> list[Any]:
        return [*super().get_override_parameters(), *self._header_parameters()]

    def _get_filter_parameters(self) -> list[dict[str, Any]]:
        if not self._paged():
            return []
        filterset = getattr(self.view, "filterset_class", None)
        return [
            *(parts.filter_parameters(filterset) if filterset else []),
            *parts.page_parameters(getattr(self.view, "sortable", ())),
        ]

    def _header_parameters(self) -> list[Any]:
        found = [parts.IDEMPOTENCY_KEY] if self._idempotent() else []
        if getattr(self.view, "versioned", False):
            found += {"GET": [parts.IF_NONE_MATCH], "POST": []}.get(self.method, [parts.IF_MATCH])
        return found

    def _get_response_for_code(
        self, serializer: Any, status_code: str, media_types: Any = None, direction: Any = "response"
    ) -> Any:
        response = super()._get_response_for_code(  # type: ignore[no-untyped-call]
            serializer, status_code, media_types, direction
        )
        content = response.get("content", {}).get("application/json")
        if content is not None and status_code.startswith("2"):
            many = self._is_list_view(serializer) and getattr(self.view, "paged", True)
            meta = self._component("PageMeta", parts.PAGE_META) if many else {"type": "object"}
            content["schema"] = parts.envelope(content["schema"], meta)
        if not response.get("description"):
            response["description"] = parts.DESCRIPTIONS.get(int(status_code), "")
        return response

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        responses = super()._get_response_bodies(direction)
        if getattr(self.view, "versioned", False):
            for code in {"200", "201"} & set(responses):
                responses[code].setdefault("headers", {})["ETag"] = parts.ETAG
            if self.method == "GET":
                responses["304"] = {"description": parts.DESCRIPTIONS[304]}
        problem = self._component("Problem", parts.PROBLEM)
        for status in self._problems():
            responses.setdefault(
                str(status),
                {"description": parts.DESCRIPTIONS[status], "content": {CONTENT_TYPE: {"schema": problem}}},
            )
        return dict(sorted(responses.items()))

    def _problems(self) -> list[int]:
        """The statuses that the framework answers with, as they apply to this method."""
        body = self.method in ("POST", "PUT", "PATCH")
        writes = self.method in _WRITES
        applies = {
            400: True,
            401: self._need() is not PUBLIC,
            403: self._need() is not PUBLIC,
            404: "{" in self.path or self.method in getattr(self.view, "refers", ()),
            406: True,
            409: writes,
            410: getattr(self.view, "expires", False),
            412: writes and getattr(self.view, "versioned", False),
            413: body,
            415: body,
            422: True,
            429: True,
            503: True,
        }
        return [status for status, true in applies.items() if true]

    def _component(self, name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            name=name, type=ResolvedComponent.SCHEMA, schema=dict(schema), object=name
        )
        self.registry.register_on_missing(component)
        return dict(component.ref)

    def _need(self) -> Any:
        return need_of(getattr(self.view, "required_permission", None), self.method)

    def _paged(self) -> bool:
        return self.method == "GET" and self._is_list_view() and getattr(self.view, "paged", True)

    def _idempotent(self) -> bool:
        return getattr(getattr(self.view, self.method.lower(), None), "idempotent", False)
