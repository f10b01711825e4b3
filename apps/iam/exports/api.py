"""REST: exports of the company and of what is kept about people. A job makes them; this says how far it has come."""

from __future__ import annotations

from django.http import FileResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers

from apps.core.api.documents import CONTENT_TYPE
from apps.core.api.views import (
    AUTHENTICATED,
    PERSONAL,
    SENSITIVE,
    ApiView,
    entity_response,
    page_of,
)
from apps.core.idempotency import idempotent
from apps.core.tenancy import tenant as entered
from apps.iam.exports import commands, queries
from apps.iam.exports.errors import ExportNotFound
from apps.iam.exports.models import Export
from apps.iam.exports.permissions import ExportPermission
from apps.iam.tenants import queries as tenants
from apps.iam.tenants.permissions import TenantPermission, TenantsPermission

_PATH = "/api/v1/exports"
_NOT_READY = OpenApiResponse(OpenApiTypes.OBJECT, "It is still being made, failed, or expired.")
_FILE = {(200, "application/zip"): OpenApiTypes.BINARY, (409, CONTENT_TYPE): _NOT_READY}


class ExportOutput(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Export.Kind.choices)
    subject_id = serializers.UUIDField(help_text="The company, or the person.")
    subject_name = serializers.CharField()
    state = serializers.ChoiceField(choices=Export.State.choices)
    progress = serializers.IntegerField(help_text="Per cent.")
    stage = serializers.CharField(help_text="What is being read now.")
    rows_done = serializers.IntegerField(help_text="How many rows are in it, once it is made.")
    job_id = serializers.UUIDField(
        allow_null=True, help_text="`GET /api/v1/services/iam/jobs/{job_id}`: to look after it, or to call it off."
    )
    requested_by = serializers.UUIDField(allow_null=True)
    requested_by_name = serializers.CharField()
    requested_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True, help_text="When the file is deleted.")
    size_bytes = serializers.IntegerField(allow_null=True)
    sha256 = serializers.CharField(help_text="Of the file.")
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="Rows by file of the archive.")
    failure = serializers.CharField()
    version = serializers.IntegerField()


class CompanyExport(ApiView):
    """POST /api/v1/tenant/export: everything that the company has here, as a zip of JSON Lines with a manifest.

    Passwords, keys and other secrets are not in it. The answer names the export, whose `file` can be fetched once its
    state is `ready`.
    """

    required_permission = TenantPermission.EXPORT
    step_up = SENSITIVE

    @extend_schema(request=None, responses={202: ExportOutput})
    @idempotent(Export)
    def post(self, request):
        return _accepted(request, commands.request_company_export(actor=request.actor, now=timezone.now()))


class MyExport(ApiView):
    """GET, POST /api/v1/me/export: everything that is kept about the caller, in every company; the newest, or another.

    What other people do is not in it, even where it was done to the same things.
    """

    required_permission = PERSONAL
    step_up = SENSITIVE
    refers = frozenset({"GET"})

    @extend_schema(responses=ExportOutput)
    def get(self, request):
        """How far the newest one has come; 404 where none was asked for."""
        newest = queries.own_exports(request.principal.subject).first()
        if newest is None:
            raise ExportNotFound("you have asked for none yet: POST here")
        return entity_response(request, newest, ExportOutput)

    @extend_schema(request=None, responses={202: ExportOutput})
    @idempotent(Export)
    def post(self, request):
        """Ask for one."""
        made = commands.request_person_export(
            user_id=request.principal.subject, actor=request.actor, now=timezone.now()
        )
        return _accepted(request, made)


class MemberExport(ApiView):
    """POST /api/v1/users/{user_id}/export: everything that the company keeps about one of its people."""

    required_permission = ExportPermission.PEOPLE
    step_up = SENSITIVE

    @extend_schema(request=None, responses={202: ExportOutput})
    @idempotent(Export)
    def post(self, request, user_id):
        made = commands.request_person_export(user_id=user_id, actor=request.actor, now=timezone.now())
        return _accepted(request, made)


class Exports(ApiView):
    """GET /api/v1/exports: what the caller asked for and may see; with `tenant.export` every one of the company."""

    required_permission = AUTHENTICATED

    @extend_schema(responses=ExportOutput(many=True))
    def get(self, request):
        return page_of(request, queries.exports(request.principal), ExportOutput)


class ExportDetail(ApiView):
    """GET /api/v1/exports/{export_id}: how far one has come."""

    required_permission = AUTHENTICATED

    @extend_schema(responses=ExportOutput)
    def get(self, request, export_id):
        found = queries.export(export_id, queries.exports(request.principal))
        return entity_response(request, found, ExportOutput)


class ExportFile(ApiView):
    """GET /api/v1/exports/{export_id}/file: the zip. Each download is recorded."""

    required_permission = PERSONAL
    step_up = {"GET": SENSITIVE}

    @extend_schema(responses=_FILE)
    def get(self, request, export_id):
        return file_response(request, queries.export(export_id, queries.exports(request.principal)))


class TenantExports(ApiView):
    """GET, POST /api/v1/tenants/{tenant_id}/exports: of a whole company, for the platform's staff."""

    required_permission = {"GET": TenantsPermission.EXPORT, "POST": TenantsPermission.EXPORT}
    step_up = SENSITIVE

    @extend_schema(responses=ExportOutput(many=True))
    def get(self, request, tenant_id):
        with entered(tenants.tenant_by_id(tenant_id).id):
            return page_of(request, queries.exports_of_company(), ExportOutput)

    @extend_schema(request=None, responses={202: ExportOutput})
    @idempotent(Export)
    def post(self, request, tenant_id):
        with entered(tenants.tenant_by_id(tenant_id).id):
            made = commands.request_company_export(actor=request.actor, now=timezone.now())
            return _accepted(request, made, location=f"/api/v1/tenants/{tenant_id}/exports/{made.id}")


class TenantExportDetail(ApiView):
    """GET /api/v1/tenants/{tenant_id}/exports/{export_id}: how far one has come."""

    required_permission = TenantsPermission.EXPORT

    @extend_schema(responses=ExportOutput)
    def get(self, request, tenant_id, export_id):
        with entered(tenants.tenant_by_id(tenant_id).id):
            return entity_response(request, queries.export(export_id, queries.exports_of_company()), ExportOutput)


class TenantExportFile(ApiView):
    """GET /api/v1/tenants/{tenant_id}/exports/{export_id}/file: the zip. Each download is recorded."""

    required_permission = TenantsPermission.EXPORT
    step_up = {"GET": SENSITIVE}

    @extend_schema(responses=_FILE)
    def get(self, request, tenant_id, export_id):
        with entered(tenants.tenant_by_id(tenant_id).id):
            return file_response(request, queries.export(export_id, queries.exports_of_company()))


def file_response(request, found):
    """The file as a download that nobody keeps. Raises ExportNotReady."""
    file = queries.file_of(found)
    commands.note_download(export_id=found.id, actor=request.actor)
    name = f"export-{found.kind}-{found.requested_at:%Y-%m-%d}.zip"
    response = FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
    response["Cache-Control"] = "private, no-store"
    response["Digest"] = f"sha-256={found.sha256}"
    return response


def _accepted(request, made, location=""):
    return entity_response(request, made, ExportOutput, status=202, location=location or f"{_PATH}/{made.id}")
