"""The answer that the API and the page share: the security log as a file."""

from __future__ import annotations

from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone
from rest_framework import serializers

from apps.core.api.filtering import filtered
from apps.core.api.validation import validated
from apps.iam.audit import exporting, security_queries
from apps.iam.audit.security_filters import SecurityEventFilter


class ExportQuery(serializers.Serializer):
    format = serializers.ChoiceField(choices=list(exporting.FORMATS), default="jsonl")


def export_response(request: Any) -> StreamingHttpResponse:
    """The export that the query parameters ask for. The page for browsers answers with it too. Raises Invalid."""
    parameters = request.GET.copy()
    format_ = validated(ExportQuery, {"format": parameters.pop("format", ["jsonl"])[-1]})["format"]
    rows = filtered(security_queries.security_records(), SecurityEventFilter, parameters, request=request)
    filters = {name: value for name, value in parameters.items() if value}
    now = timezone.now()
    content = exporting.export(rows, format=format_, filters=filters, actor=request.actor, now=now)
    response = StreamingHttpResponse(content, content_type=f"{exporting.FORMATS[format_]}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{exporting.filename(format_, now=now)}"'
    response["Cache-Control"] = "private, no-store"
    return response
