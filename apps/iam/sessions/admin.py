"""Sessions for platform staff: to look up. They end with the person's suspension, or by the person's administrators."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from unfold.admin import ModelAdmin

from apps.iam.sessions.models import LogoutNotice, Session


class _ToRead(ModelAdmin):
    def has_add_permission(self, request: Any) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False


@admin.register(Session)
class SessionAdmin(_ToRead):
    list_display = ("user", "device", "kind", "impersonator", "address", "created_at", "last_seen_at", "end_reason")
    list_filter = ("kind", "end_reason")
    list_select_related = ("user", "impersonator")
    search_fields = ("user__email_key",)
    ordering = ("-created_at",)


@admin.register(LogoutNotice)
class LogoutNoticeAdmin(_ToRead):
    list_display = ("uri", "application", "status", "attempts", "next_attempt_at", "last_error", "delivered_at")
    list_filter = ("status",)
    list_select_related = ("application",)
    ordering = ("-created_at",)
