"""People for platform staff: to look up, suspend and delete. Nothing here is written but by a command."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.utils import timezone
from unfold.admin import ModelAdmin

from apps.core.errors import DomainError
from apps.core.history import Actor, acting
from apps.core.observability import trace_id
from apps.core.tenancy import PLATFORM, tenant
from apps.iam.approvals import commands as approvals
from apps.iam.approvals import pending
from apps.iam.authenticators import commands as authenticators
from apps.iam.users import commands
from apps.iam.users.models import User


@admin.register(User)
class UserAdmin(ModelAdmin):
    list_display = ("email", "name", "is_active", "is_platform_staff", "last_login", "deleted_at")
    list_filter = ("is_active", "is_platform_staff")
    search_fields = ("email_key",)
    ordering = ("email_key",)
    actions = ("suspend", "reinstate", "delete", "restore", "ask_for_erasure", "reset_second_factors")
    fields = ("id", "email", "name", "is_active", "is_platform_staff", "last_login", "created_at", "deleted_at")

    def get_queryset(self, request: Any) -> Any:
        return User.with_deleted.order_by("email_key")

    def has_add_permission(self, request: Any) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return obj is None and bool(request.user.is_platform_staff)  # for the actions; a person's page is for reading

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    @admin.action(description="Suspend: they cannot sign in anywhere")
    def suspend(self, request: Any, queryset: Any) -> None:
        self._each(request, queryset, lambda user, _: commands.suspend_user(user_id=user.id))

    @admin.action(description="Reinstate")
    def reinstate(self, request: Any, queryset: Any) -> None:
        self._each(request, queryset, lambda user, _: commands.reinstate_user(user_id=user.id))

    @admin.action(description="Delete; can be restored")
    def delete(self, request: Any, queryset: Any) -> None:
        self._each(
            request,
            queryset,
            lambda user, actor: commands.delete_user(user_id=user.id, actor=actor, now=timezone.now()),
        )

    @admin.action(description="Restore")
    def restore(self, request: Any, queryset: Any) -> None:
        self._each(request, queryset, lambda user, _: commands.restore_user(user_id=user.id))

    @admin.action(description="Ask for erasure for good, of who is deleted: somebody else of the staff must approve")
    def ask_for_erasure(self, request: Any, queryset: Any) -> None:
        def ask(user: User, actor: Actor) -> None:
            facts: Any = {"actor": actor, "now": timezone.now(), "reason": ""}
            with tenant(PLATFORM):
                outcome = approvals.done_or_requested(lambda: commands.erase_person(user_id=user.id, **facts), **facts)
            if pending.is_pending(outcome):
                pending.notice(request, outcome)

        self._each(request, queryset, ask)

    @admin.action(description="Reset second factors: signs them out, and leaves them their password alone")
    def reset_second_factors(self, request: Any, queryset: Any) -> None:
        self._each(
            request,
            queryset,
            lambda user, actor: authenticators.reset_person(
                user_id=user.id, actor=actor, now=timezone.now(), reason="reset by the platform's staff"
            ),
        )

    def _each(self, request: Any, queryset: Any, command: Any) -> None:
        actor = Actor(kind="user", id=request.user.pk, name=request.user.name)
        with acting(actor, trace_id=trace_id()):
            for user in queryset:
                if user.pk == request.user.pk:
                    messages.error(request, "You cannot do this to yourself.")
                    continue
                try:
                    command(user, actor)
                except DomainError as error:
                    messages.error(request, f"{user.email}: {error}")
