"""POST /scim/v2/Bulk (RFC 7644 §3.7)."""

from __future__ import annotations

from typing import Any

from rest_framework.response import Response
from scim2_models import BulkResponse, InvalidPathException, PayloadTooLargeException

from apps.iam.scim import bulk, protocol
from apps.iam.scim.api import ENDPOINTS, Endpoint, ScimView
from apps.iam.scim.representing import location
from apps.iam.scim.resources import MAX_OPERATIONS


class Bulk(ScimView):
    """POST /scim/v2/Bulk: many operations, each with a transaction and an outcome of its own."""

    def post(self, request):
        job = bulk.job_of(request.data)
        if len(job.operations) > MAX_OPERATIONS:
            raise PayloadTooLargeException(detail=f"a bulk request may have {MAX_OPERATIONS} operations")
        results = job.run(self._attempted, _refusal)
        return Response({"schemas": [str(BulkResponse.__schema__)], "Operations": results})

    def _attempted(self, operation: bulk.Operation) -> dict[str, Any]:
        try:
            return self._performed(operation)
        except Exception as error:  # an unknown one is logged, and told as a 500 of this operation alone
            return _refusal(operation, error)

    def _performed(self, operation: bulk.Operation) -> dict[str, Any]:
        endpoint, id_ = _target(operation)
        facts = self.facts()
        if operation.method == "POST":
            made = endpoint.created(operation.data, **facts)
            return _success(operation, endpoint, str(made), 201)
        facts["expected_version"] = operation.version
        if operation.method == "DELETE":
            endpoint.delete(id_, **facts)
            return _success(operation, endpoint, id_, 204)
        change = endpoint.replaced if operation.method == "PUT" else endpoint.patched
        change(id_, operation.data, **facts)
        return _success(operation, endpoint, id_, 200)


def _target(operation: bulk.Operation) -> tuple[Endpoint, str]:
    name, _, id_ = operation.path.strip("/").partition("/")
    endpoint = ENDPOINTS.get(name.lower())
    if endpoint is None or bool(id_) == (operation.method == "POST") or "/" in id_:
        raise InvalidPathException(detail=f"{operation.method} {operation.path} names no resource")
    return endpoint, id_


def _told(operation: bulk.Operation) -> dict[str, Any]:
    return {"method": operation.method, **({"bulkId": operation.bulk_id} if operation.bulk_id else {})}


def _success(operation: bulk.Operation, endpoint: Endpoint, id_: str, status: int) -> dict[str, Any]:
    told = _told(operation) | {"location": location(endpoint.name, id_), "status": str(status)}
    return told if status == 204 else told | {"version": endpoint.show(id_).meta.version}


def _refusal(operation: bulk.Operation, error: Exception) -> dict[str, Any]:
    status, body, _ = protocol.failure(error)
    name, _, id_ = operation.path.strip("/").partition("/")
    where = {"location": location(name, id_)} if id_ and operation.method != "POST" else {}
    return _told(operation) | where | {"status": str(status), "response": body}
