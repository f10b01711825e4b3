"""REST: notes and files of an order."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser

from apps.business.orders import commands, queries
from apps.business.orders.notes import notes_of_order
from apps.business.orders.permissions import OrderPermission
from apps.core.api.views import Answer, ApiView, validated

_OF_ORDER = ("order", "order_id")


class NoteInput(serializers.Serializer):
    text = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    files = serializers.ListField(
        child=serializers.FileField(max_length=200),
        max_length=commands.MOST_FILES,
        required=False,
        default=list,
        help_text="Images, PDF or text.",
    )


class AttachedFileOutput(serializers.Serializer):
    name = serializers.CharField()
    content_type = serializers.CharField()
    size_bytes = serializers.IntegerField()
    url = serializers.CharField(help_text="A link that holds for a while, and for whoever has it.")


class NoteOutput(serializers.Serializer):
    id = serializers.UUIDField()
    text = serializers.CharField()
    author_name = serializers.CharField()
    written_at = serializers.DateTimeField()
    files = AttachedFileOutput(many=True)


class OrderNotes(ApiView):
    """GET, POST /api/v1/orders/{order_id}/notes: what was written about an order, with its files, the latest first."""

    required_permission = {"GET": OrderPermission.VIEW, "POST": OrderPermission.ANNOTATE}
    scoped_to = _OF_ORDER
    parser_classes = (MultiPartParser,)
    paged = False

    @extend_schema(responses=NoteOutput(many=True))
    def get(self, request, order_id):
        queries.require_order(order_id)
        return Answer(NoteOutput(notes_of_order(order_id), many=True).data)

    @extend_schema(request=NoteInput, responses={201: NoteOutput})
    def post(self, request, order_id):
        given = validated(NoteInput, request.data)
        note = commands.add_note(
            order_id=order_id,
            text=given["text"],
            attached=[commands.Attached(file.name, file) for file in given["files"]],
            actor=request.actor,
            now=timezone.now(),
        )
        written = next(one for one in notes_of_order(order_id) if one.id == note.id)
        return Answer(NoteOutput(written).data, status=201)


class OrderNoteDetail(ApiView):
    """DELETE /api/v1/orders/{order_id}/notes/{note_id}: take a note away, and its files for good."""

    required_permission = {"DELETE": OrderPermission.ANNOTATE}
    scoped_to = _OF_ORDER

    @extend_schema(responses={204: None})
    def delete(self, request, order_id, note_id):
        commands.remove_note(order_id=order_id, note_id=note_id, actor=request.actor)
        return Answer(status=204)
