"""REST: what was changed, and the security log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers

from apps.core.api.schema_parts import filter_parameters
from apps.core.api.views import PERSONAL, Answer, ApiView, page_of, validated
from apps.core.tenancy import person
from apps.iam.audit import exporting, security_queries, verification
from apps.iam.audit.filters import ChangesQuery, page_of_changes
from apps.iam.audit.permissions import AuditPermission
from apps.iam.audit.responses import export_response
from apps.iam.audit.security_filters import OwnSecurityEventFilter, SecurityEventFilter
from apps.iam.audit.sentences import sentence


class ChangeOutput(serializers.Serializer):
    id = serializers.IntegerField(help_text="Unique per entity.")
    entity = serializers.CharField()
    entity_id = serializers.UUIDField()
    entity_label = serializers.CharField(help_text="A name for people; empty where none is known.")
    action = serializers.CharField(help_text="created, updated, deleted or restored")
    at = serializers.DateTimeField()
    actor_kind = serializers.CharField(help_text="user, service or system")
    actor_id = serializers.CharField()
    actor_name = serializers.CharField()
    impersonator_id = serializers.CharField(help_text="Who acted in the actor's name; empty where nobody did.")
    impersonator_name = serializers.CharField()
    reason = serializers.CharField()
    trace_id = serializers.CharField()
    before = serializers.DictField(help_text="The columns that differ, as they were.")
    after = serializers.DictField(help_text="The columns that differ, as they are.")


class NamingList(serializers.ListSerializer):
    """Looks up the names of all subjects of a page at once."""

    def to_representation(self, data: Iterable[Any]) -> Any:
        records = list(data)
        self.child.names = self.context.get("names") or security_queries.names_of(records)
        return super().to_representation(records)


class SecurityEventOutput(serializers.Serializer):
    names: dict[Any, str] | None = None

    id = serializers.UUIDField(source="event_id")
    sequence = serializers.IntegerField(help_text="Place in the chain of the tenant.")
    at = serializers.DateTimeField(help_text="When it happened.")
    recorded_at = serializers.DateTimeField(help_text="When it got its place in the chain.")
    kind = serializers.CharField()
    group = serializers.CharField()
    outcome = serializers.CharField(help_text="success, failure or denied")
    sentence = serializers.SerializerMethodField(help_text="What happened, for people.")
    actor_kind = serializers.CharField(help_text="user, service or system")
    actor_id = serializers.UUIDField(allow_null=True)
    actor_name = serializers.CharField()
    impersonator_id = serializers.UUIDField(allow_null=True, help_text="Who acted in the actor's name.")
    impersonator_name = serializers.CharField()
    subject_id = serializers.UUIDField(help_text="Whose security it is about.")
    subject_name = serializers.SerializerMethodField(help_text="Empty where none is known.")
    address = serializers.CharField()
    user_agent = serializers.CharField()
    session_id = serializers.CharField()
    reason = serializers.CharField()
    details = serializers.DictField(child=serializers.CharField())
    trace_id = serializers.CharField()
    previous_hash = serializers.CharField()
    hash = serializers.CharField(
        help_text="SHA-256 of the record with the hash of the one before: docs/guides/audit.md."
    )

    class Meta:
        list_serializer_class = NamingList

    def _names(self, record: Any) -> dict[Any, str]:
        if self.names is None:
            self.names = security_queries.names_of([record])
        return self.names

    def get_sentence(self, record: Any) -> str:
        return sentence(record, self._names(record))

    def get_subject_name(self, record: Any) -> str:
        return self._names(record).get(record.subject_id, "")


class ProblemOutput(serializers.Serializer):
    fault = serializers.CharField()
    sequence = serializers.IntegerField(help_text="Where in the chain.")
    text = serializers.CharField()


class VerificationQuery(serializers.Serializer):
    def get_fields(self) -> dict[str, Any]:
        start = serializers.IntegerField(
            required=False,
            min_value=1,
            max_value=2**63 - 1,
            help_text="Place of the first record to read. Left out: so that the newest ones are read.",
        )
        return {"from": start}


class VerificationOutput(serializers.Serializer):
    intact = serializers.BooleanField()
    checked_from = serializers.IntegerField(allow_null=True, source="first", help_text="null: there are no records.")
    checked_to = serializers.IntegerField(source="last")
    records = serializers.IntegerField(help_text="How many were read.")
    head = serializers.IntegerField(help_text="Where the chain ends.")
    head_hash = serializers.CharField()
    next = serializers.IntegerField(allow_null=True, help_text="Go on `from` here; null at the end of the chain.")
    problems = ProblemOutput(many=True)
    checkpoint = serializers.CharField(
        allow_null=True,
        help_text="A signed statement of where the chain ends, to be kept elsewhere: whoever has it can tell later "
        "whether the chain was rewritten. null where something is wrong.",
    )
    keys = serializers.ListField(child=serializers.DictField(), help_text="Public keys (JWK) that check checkpoints.")


class Changes(ApiView):
    """GET /api/v1/changes: every write in every service, newest first."""

    required_permission = AuditPermission.VIEW

    @extend_schema(parameters=[ChangesQuery], responses=ChangeOutput(many=True))
    def get(self, request):
        page, following, limit = page_of_changes(request.GET)
        query = urlencode([*((n, v) for n, v in request.GET.items() if n != "cursor"), ("cursor", following or "")])
        links = {"next": f"{request.path}?{query}" if following else None, "previous": None}
        meta = {"limit": limit, "next": following, "previous": None, "links": links}
        return Answer(ChangeOutput(page, many=True).data, meta=meta)


class SecurityEvents(ApiView):
    """GET /api/v1/security-events: the security log of the tenant, newest first."""

    required_permission = AuditPermission.VIEW
    filterset_class = SecurityEventFilter

    @extend_schema(responses=SecurityEventOutput(many=True))
    def get(self, request):
        return page_of(request, security_queries.security_records(), SecurityEventOutput)


class SecurityEventDetail(ApiView):
    """GET /api/v1/security-events/{event_id}: one record."""

    required_permission = AuditPermission.VIEW

    @extend_schema(responses=SecurityEventOutput)
    def get(self, request, event_id):
        return Answer(SecurityEventOutput(security_queries.security_record(event_id)).data)


class SecurityLogVerification(ApiView):
    """GET /api/v1/security-events/verification: is the log what was written? Also gives a checkpoint to keep."""

    required_permission = AuditPermission.VIEW

    @extend_schema(parameters=[VerificationQuery], responses=VerificationOutput)
    def get(self, request):
        given = validated(VerificationQuery, request.GET)
        return Answer(VerificationOutput(verification.statement(start=given.get("from"), now=timezone.now())).data)


_FORMAT = OpenApiParameter(
    "format",
    description="`jsonl`: JSON Lines, closed by a signed checkpoint; `csv`: for spreadsheets.",
    enum=list(exporting.FORMATS),
    default="jsonl",
)


_FILTERS = [
    OpenApiParameter(one["name"], one["schema"], description=one["description"])
    for one in filter_parameters(SecurityEventFilter)
]


class SecurityLogExport(ApiView):
    """GET /api/v1/security-events/export: the log as a file, oldest first, with the hashes that prove it."""

    required_permission = AuditPermission.EXPORT

    def perform_content_negotiation(self, request, force=False):
        """The file has the format that the query names, whatever else the client likes."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(
        parameters=[_FORMAT, *_FILTERS],
        responses={
            (200, "application/x-ndjson"): OpenApiTypes.STR,
            (200, "text/csv"): OpenApiTypes.STR,
        },
        examples=[OpenApiExample("one line", '{"format":1,"sequence":1,"kind":"sign_in.succeeded","hash":"…"}')],
    )
    def get(self, request):
        return export_response(request)


class MySecurityEvents(ApiView):
    """GET /api/v1/me/security-events: what happened about the caller, newest first."""

    required_permission = PERSONAL
    filterset_class = OwnSecurityEventFilter

    @extend_schema(responses=SecurityEventOutput(many=True))
    def get(self, request):
        me = request.principal
        with person(me.subject):
            rows = security_queries.records_about(me.subject)
            return page_of(request, rows, SecurityEventOutput, context={"names": {me.subject: me.name}})
