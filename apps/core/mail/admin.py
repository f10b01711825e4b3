"""Messages for platform staff: what became of them, and another try. Never their text, whose links open accounts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.utils import timezone
from unfold.admin import ModelAdmin

from apps.core.mail import delivery
from apps.core.mail.models import OutgoingMessage


@admin.register(OutgoingMessage)
class OutgoingMessageAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ("recipient", "template", "state", "attempts", "created_at", "sent_at", "last_error")
    list_filter = ("state", "template")
    search_fields = ("recipient_key",)
    ordering = ("-created_at",)
    actions = ("send_again",)
    fields = (
        *("id", "recipient", "template", "subject", "message_id", "tenant_id", "person_id", "created_at"),
        *("state", "attempts", "next_attempt_at", "sent_at", "last_error"),
    )

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).defer("sealed_body")

    def has_add_permission(self, request: Any) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return obj is None and bool(request.user.is_platform_staff)  # for the action; a message's page is for reading

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    @admin.action(description="Send again what was given up")
    def send_again(self, request: Any, queryset: Any) -> None:
        again = sum(
            delivery.try_again(message_id=pk, now=timezone.now()) for pk in queryset.values_list("pk", flat=True)
        )
        messages.success(request, f"{again} of {queryset.count()} messages are queued again.")
