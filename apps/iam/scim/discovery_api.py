"""What this service provider can do, by its own account (RFC 7644 §4)."""

from __future__ import annotations

from typing import Any

from rest_framework.response import Response
from scim2_models import Context, ForbiddenException, ListResponse, NotFoundException

from apps.iam.scim.api import ScimView
from apps.iam.scim.representing import ROOT, location
from apps.iam.scim.resources import CONFIG, PROVIDER


def _described(resource: Any, endpoint: str, id_: str = "") -> dict[str, Any]:
    shown: dict[str, Any] = resource.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
    where = location(endpoint, id_).rstrip("/")
    kind = type(resource).__name__
    return shown | {"meta": {"resourceType": kind, "location": where}}


class DiscoveryView(ScimView):
    """RFC 7644 §4: a filter is refused, and every other parameter ignored."""

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if "filter" in request.query_params:
            raise ForbiddenException(detail="this endpoint knows no filter (RFC 7644 §4)")

    def listed(self, resources: list[dict[str, Any]]) -> Response:
        total = len(resources)
        body = {"totalResults": total, "startIndex": 1, "itemsPerPage": total, "Resources": resources}
        return Response({"schemas": [str(ListResponse.__schema__)], **body})

    def one(self, resources: list[dict[str, Any]], id_: str) -> Response:
        found = next((one for one in resources if one["id"].lower() == id_.lower()), None)
        if found is None:
            raise NotFoundException(detail=f"there is no {id_} at {ROOT}")
        return Response(found)


class ServiceProviderConfiguration(DiscoveryView):
    """GET /scim/v2/ServiceProviderConfig"""

    def get(self, request):
        return Response(_described(CONFIG, "ServiceProviderConfig"))


class ResourceTypes(DiscoveryView):
    """GET /scim/v2/ResourceTypes, /scim/v2/ResourceTypes/{id}"""

    def get(self, request, resource_id=None):
        described = [_described(one, "ResourceTypes", str(one.id)) for one in PROVIDER.resource_types]
        return self.listed(described) if resource_id is None else self.one(described, resource_id)


class Schemas(DiscoveryView):
    """GET /scim/v2/Schemas, /scim/v2/Schemas/{id}"""

    def get(self, request, resource_id=None):
        described = [_described(one, "Schemas", str(one.id)) for one in PROVIDER.schemas]
        return self.listed(described) if resource_id is None else self.one(described, resource_id)
