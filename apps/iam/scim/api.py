"""SCIM 2.0 for directories that provision people and groups (RFC 7644). The caller's credential says which tenant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from pydantic import BaseModel
from rest_framework.response import Response
from scim2_models import Context, NotFoundException, PatchOp, ResponseParameters

from apps.core.api.conditional import not_modified
from apps.core.api.views import ApiView
from apps.iam.scim import commands, leniency, protocol, representing, searching
from apps.iam.scim.permissions import ScimPermission
from apps.iam.scim.resources import PERSON, PROVIDER, Group

Change = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A type of resource, with what can be done to it. `/Bulk` does it too."""

    name: str
    model: Any
    collection: searching.Collection
    create: Callable[..., UUID]
    change: Callable[..., UUID]
    delete: Callable[..., None]
    show: Callable[..., Any]
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def created(self, data: Any, **facts: Any) -> UUID:
        """The id of the resource that was made of the body of a POST."""
        said = {**self._unsaid(data), **data}
        return self.create(resource=read(self.model, said, Context.RESOURCE_CREATION_REQUEST), **facts)

    def replaced(self, id_: Any, data: Any, **facts: Any) -> UUID:
        """The id of the resource that the body of a PUT replaced."""
        unsaid = self._unsaid(data)
        wanted = read(self.model, {**unsaid, **data}, Context.RESOURCE_REPLACEMENT_REQUEST)

        def replace(present: Any) -> Any:
            for name in unsaid:  # stays as it is: to leave out `active` must not let a suspended person in
                setattr(wanted, name, getattr(present, name))
            wanted.replace(present)
            return wanted

        return self.change(id_, change=replace, **facts)

    def patched(self, id_: Any, data: Any, **facts: Any) -> UUID:
        """The id of the resource that the operations of a PATCH changed: all of them or none."""
        said = leniency.without_derived(data)
        operations = read(PatchOp[self.model], said, Context.RESOURCE_PATCH_REQUEST)  # type: ignore[name-defined]

        def patch(present: Any) -> Any:
            operations.patch(present)
            return present

        return self.change(id_, change=patch, **facts)

    def _unsaid(self, data: Any) -> dict[str, Any]:
        said = {name.lower() for name in data}
        return {name: value for name, value in self.defaults.items() if name not in said}


USERS = Endpoint(
    "Users",
    PERSON,
    searching.PEOPLE,
    create=commands.create_person,
    change=lambda id_, **facts: commands.change_person(user_id=id_, **facts),
    delete=lambda id_, **facts: commands.delete_person(user_id=id_, **facts),
    show=lambda id_, _parameters=None: representing.person(id_),
    defaults={"active": True},
)
GROUPS = Endpoint(
    "Groups",
    Group,
    searching.GROUPS,
    create=commands.create_group,
    change=lambda id_, **facts: commands.change_group(group_id=id_, **facts),
    delete=lambda id_, **facts: commands.delete_group(group_id=id_, **facts),
    show=lambda id_, parameters=None: representing.group(id_, with_members=searching.wants_members(parameters)),
)
ENDPOINTS = {endpoint.name.lower(): endpoint for endpoint in (USERS, GROUPS)}


def read(model: type[BaseModel], data: Any, context: Context) -> Any:
    """What was sent, as the model understands it. Raises pydantic's ValidationError."""
    return model.model_validate(data, scim_ctx=context)  # type: ignore[call-arg]


class ScimView(ApiView):
    """What SCIM's endpoints have in common. They are described by themselves, not by the platform's schema."""

    required_permission = ScimPermission.PROVISION
    schema = None
    renderer_classes: ClassVar[Any] = [protocol.ScimRenderer]
    parser_classes: ClassVar[Any] = [protocol.ScimParser, protocol.PlainJsonParser]
    content_negotiation_class: ClassVar[Any] = protocol.AlwaysScim

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        with PROVIDER:
            return super().dispatch(request, *args, **kwargs)

    def get_exception_handler(self) -> Any:
        return protocol.exception_handler

    def facts(self) -> dict[str, Any]:
        """Who acts, and when."""
        return {"actor": self.request.actor, "now": timezone.now()}  # type: ignore[attr-defined]

    def shown(self, endpoint: Endpoint, id_: Any, status: int = 200) -> Response:
        """A resource with its ETag; 304 when the caller of a GET has this version."""
        query = self.request.query_params.dict()
        wanted = {name: query[name] for name in ("attributes", "excludedAttributes") if name in query}
        parameters = ResponseParameters[endpoint.model].model_validate(wanted)  # type: ignore[name-defined]
        resource = endpoint.show(id_, parameters)
        headers = {"ETag": resource.meta.version, "Location": resource.meta.location}
        if status == 200 and not_modified(self.request, resource.meta.version.removeprefix("W/")):
            return Response(None, status=304, headers=headers)
        return Response(searching.dumped(resource, parameters), status=status, headers=headers)

    def found(self, endpoint: Endpoint, data: Any) -> Response:
        """A page of a list."""
        return Response(searching.page_of([endpoint.collection], searching.search_of(endpoint.model, data)))


class Resources(ScimView):
    """GET, POST /scim/v2/{Users,Groups}: list them, filtered, page by page; make one."""

    endpoint: Endpoint = None  # type: ignore[assignment]  # given by the URL

    def get(self, request):
        return self.found(self.endpoint, request.query_params.dict())

    def post(self, request):
        id_ = self.endpoint.created(request.data, **self.facts())
        return self.shown(self.endpoint, id_, status=201)


class OneResource(ScimView):
    """GET, PUT, PATCH, DELETE /scim/v2/{Users,Groups}/{id}"""

    endpoint: Endpoint = None  # type: ignore[assignment]  # given by the URL

    def get(self, request, resource_id):
        return self.shown(self.endpoint, resource_id)

    def put(self, request, resource_id):
        return self._changed(self.endpoint.replaced, resource_id)

    def patch(self, request, resource_id):
        return self._changed(self.endpoint.patched, resource_id)

    def delete(self, request, resource_id):
        self.endpoint.delete(resource_id, expected_version=request.headers.get("If-Match"), **self.facts())
        return Response(status=204)

    def _changed(self, change, resource_id):
        facts = self.facts() | {"expected_version": self.request.headers.get("If-Match")}
        return self.shown(self.endpoint, change(resource_id, self.request.data, **facts))


class Search(ScimView):
    """POST /scim/v2/{Users,Groups}/.search: a list whose filter is too private for an address (RFC 7644 §3.4.3)."""

    endpoint: Endpoint = None  # type: ignore[assignment]  # given by the URL

    def post(self, request):
        return self.found(self.endpoint, request.data)


class SearchEverything(ScimView):
    """POST /scim/v2/.search: people, then groups."""

    def post(self, request):
        search = searching.search_of(PERSON | Group, request.data)
        return Response(searching.page_of([USERS.collection, GROUPS.collection], search))


class NothingHere(ScimView):
    """Any other address below /scim/v2/ and any method: 404 as SCIM says it."""

    def get(self, request, rest=""):
        raise NotFoundException(detail=f"there is nothing at /scim/v2/{rest}")

    post = put = patch = delete = get
