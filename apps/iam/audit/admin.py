"""The security log for platform staff: the platform's own chain, or that of a tenant chosen on screen. Read only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, QueryDict
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from apps.core.history import Actor, acting
from apps.core.observability import trace_id
from apps.core.tenancy import PLATFORM, tenant
from apps.iam.audit import commands, kinds, security_queries
from apps.iam.audit.kinds import Kind
from apps.iam.audit.models import SecurityRecord
from apps.iam.audit.sentences import sentence
from apps.iam.tenants import queries as tenants

_CHAIN = "chain"
_MOST_TENANTS = 500


class ChainFilter(admin.SimpleListFilter):
    """Whose chain is shown. The rows are those of the scope that the page entered, so nothing is left to filter."""

    title = "chain"
    parameter_name = _CHAIN

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        ids = tenants.tenant_ids()[:_MOST_TENANTS]
        found = tenants.tenants({*ids, _chosen(request)})
        return sorted(((str(id_), one.slug) for id_, one in found.items()), key=lambda pair: pair[1])

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        for choice in super().choices(changelist):
            yield {**choice, "display": "the platform's own"} if choice["display"] == "All" else choice

    def queryset(self, request: Any, queryset: Any) -> Any:
        return queryset


class GroupFilter(admin.SimpleListFilter):
    title = "about"
    parameter_name = "group"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return [(group, group.replace("_", " ")) for group in kinds.groups()]

    def queryset(self, request: Any, queryset: Any) -> Any:
        return queryset.filter(kind__in=kinds.groups()[self.value()]) if self.value() in kinds.groups() else queryset


class NamingChangeList(ChangeList):
    """Looks up the names of all subjects of a page at once."""

    def get_results(self, request: Any) -> None:
        super().get_results(request)
        records = list(self.result_list)
        names = security_queries.names_of(records)
        for record in records:
            record.names = names
        self.result_list = records


@admin.register(SecurityRecord)
class SecurityRecordAdmin(ModelAdmin):
    list_display = ("at", "said", "kind", "outcome", "address", "sequence")
    list_filter = (ChainFilter, GroupFilter, "outcome")
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-recorded_at", "-event_id")
    sortable_by = ()

    @admin.display(description="what happened")
    def said(self, record: SecurityRecord) -> str:
        return sentence(record, getattr(record, "names", None) or security_queries.names_of([record]))

    def get_changelist(self, request: Any, **kwargs: Any) -> type[ChangeList]:
        return NamingChangeList

    def get_queryset(self, request: Any) -> Any:
        return security_queries.security_records()

    def get_fields(self, request: Any, obj: Any = None) -> list[str]:
        return ["said", *(field.name for field in SecurityRecord._meta.fields if not field.name.endswith("_key"))]

    def get_readonly_fields(self, request: Any, obj: Any = None) -> list[str]:
        return self.get_fields(request, obj)

    def has_add_permission(self, request: Any) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: Any, extra_context: Any = None) -> Any:
        with _entered(request):
            response = super().changelist_view(request, extra_context)
            return response.render() if hasattr(response, "render") else response

    def change_view(self, request: Any, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        with _entered(request):
            response = super().change_view(request, object_id, form_url, extra_context)
            return response.render() if hasattr(response, "render") else response

    def delete_view(self, request: Any, object_id: str, extra_context: Any = None) -> Any:
        raise PermissionDenied

    def history_view(self, request: Any, object_id: str, extra_context: Any = None) -> Any:
        """Nobody changes a record, so there is none."""
        raise PermissionDenied


@contextmanager
def _entered(request: HttpRequest) -> Iterator[None]:
    """The chain that was chosen. That staff looked at a tenant's is recorded in that very chain."""
    staff: Any = request.user
    actor = Actor(kind="user", id=staff.pk, name=staff.name)
    chosen = _chosen(request)
    with tenant(chosen), acting(actor, trace_id=trace_id()):
        if chosen != PLATFORM:
            details = {"page": request.path}
            commands.record_security_event(Kind.AUDIT_VIEWED, subject_id=staff.pk, actor=actor, details=details)
        yield


def _chosen(request: HttpRequest) -> UUID:
    """Raises Http404 for what is no tenant."""
    text = request.GET.get(_CHAIN) or _kept(request)
    try:
        chosen = UUID(text) if text else PLATFORM
    except ValueError as error:
        raise Http404 from error
    if chosen != PLATFORM and chosen not in tenants.tenants([chosen]):
        raise Http404
    return chosen


def _kept(request: HttpRequest) -> str:
    """The list's filters, as its links to single records carry them."""
    return QueryDict(request.GET.get("_changelist_filters", "")).get(_CHAIN, "")
