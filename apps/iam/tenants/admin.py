"""Tenants for platform staff: mostly to read, and every write goes through a command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.forms import ActionForm

from apps.core.errors import DomainError
from apps.core.history import Actor, acting
from apps.core.observability import trace_id
from apps.core.tenancy import PLATFORM
from apps.core.tenancy import tenant as entered
from apps.iam.approvals import commands as approvals
from apps.iam.approvals import pending
from apps.iam.approvals import queries as approval_queries
from apps.iam.tenants import commands, queries
from apps.iam.tenants.models import CURRENCY, SLUG, LifecycleRun, Tenant


class TenantForm(forms.ModelForm):
    slug = forms.RegexField(regex=SLUG, help_text="Small letters, digits and hyphens; never changes.")
    default_currency = forms.RegexField(regex=CURRENCY, help_text="ISO 4217 code.")
    owner_email = forms.EmailField(required=False, help_text="Who is invited as the first owner.")
    owner_name = forms.CharField(required=False, max_length=200)
    with_demo = forms.BooleanField(required=False, label="With demonstration data")

    class Meta:
        model = Tenant
        fields = ("slug", "name", "default_currency")


class ReasonForm(ActionForm):
    reason = forms.CharField(required=False, max_length=500)


@admin.register(Tenant)
class TenantAdmin(ModelAdmin):
    form = TenantForm
    action_form = ReasonForm
    list_display = ("name", "slug", "status", "default_currency", "deletion", "created_at")
    list_filter = ("status",)
    search_fields = ("slug", "name")
    ordering = ("slug",)
    actions = (
        *("suspend", "reinstate", "carry_on"),
        *("ask_for_deletion", "approve_deletion", "refuse_deletion", "cancel_deletion"),
    )

    def get_fields(self, request: Any, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ("slug", "name", "default_currency", "owner_email", "owner_name", "with_demo")
        return (*("slug", "name", "status", "default_currency", "locale", "time_zone"), "provisioning", "deletion")

    def get_readonly_fields(self, request: Any, obj: Any = None) -> tuple[str, ...]:
        return tuple(name for name in self.get_fields(request, obj) if name != "name") if obj else ()

    @admin.display(description="Deletion")
    def deletion(self, obj: Tenant) -> str:
        """What is planned, or asked for and not decided on."""
        if obj.deletion_due_at is not None:
            return f"on {obj.deletion_due_at:%Y-%m-%d}"
        asked = _asked_for(obj)
        return f"asked for by {asked.requested_by_name}" if asked else ""

    @admin.display(description="Provisioning")
    def provisioning(self, obj: Tenant) -> str:
        run = queries.run_of(obj.id, LifecycleRun.Kind.PROVISION)
        if run is None:
            return ""
        if run.failed_step:
            return f"stopped at {run.failed_step}: {run.failure}"
        return "done" if run.finished_at else f"done so far: {', '.join(run.steps_done)}"

    def save_model(self, request: Any, obj: Tenant, form: Any, change: bool) -> None:
        """A refusal of the command is shown; Django's transaction around leaves nothing of it."""
        with acting(staff(request), trace_id=trace_id()):
            saved = self._renamed(request, obj) if change else self._provisioned(request, obj, form.cleaned_data)
        obj.pk = saved.pk

    def _renamed(self, request: Any, obj: Tenant) -> Tenant:
        return commands.rename_tenant(tenant_id=obj.id, name=obj.name, actor=staff(request), now=timezone.now())

    def _provisioned(self, request: Any, obj: Tenant, values: dict[str, Any]) -> Tenant:
        facts = {"slug": obj.slug, "name": obj.name, "default_currency": obj.default_currency}
        if not values["owner_email"]:
            return commands.create_tenant(**facts)
        new = commands.NewTenant(
            **facts,
            owner_email=values["owner_email"],
            owner_name=values["owner_name"] or values["owner_email"],
            with_demo=values["with_demo"],
        )
        made = commands.provision_tenant(new=new, actor=staff(request), now=timezone.now(), jobs=True)
        if made.one_time_password:
            said = f"Password of {new.owner_email}, shown only now: {made.one_time_password}"
            messages.warning(request, said)
        return made.tenant

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    @admin.action(description="Suspend: nobody signs in to them until they are reinstated")
    def suspend(self, request: Any, queryset: Any) -> None:
        reason = _reason(request)
        self._each(request, queryset, lambda one, _: commands.suspend_tenant(tenant_id=one.id, reason=reason))

    @admin.action(description="Reinstate")
    def reinstate(self, request: Any, queryset: Any) -> None:
        reason = _reason(request)
        self._each(request, queryset, lambda one, _: commands.reinstate_tenant(tenant_id=one.id, reason=reason))

    @admin.action(description="Carry on with a provisioning that was interrupted")
    def carry_on(self, request: Any, queryset: Any) -> None:
        self._each(request, queryset, lambda one, _: commands.resume_provisioning(tenant_id=one.id, now=timezone.now()))

    @admin.action(description="Ask for deletion: somebody else of the staff must approve")
    def ask_for_deletion(self, request: Any, queryset: Any) -> None:
        def ask(one: Tenant, actor: Actor) -> None:
            facts: Any = {"actor": actor, "now": timezone.now(), "reason": _reason(request)}
            with entered(PLATFORM):
                outcome = approvals.done_or_requested(
                    lambda: commands.plan_deletion(tenant_id=one.id, **facts), **facts
                )
            if pending.is_pending(outcome):
                pending.notice(request, outcome)

        self._each(request, queryset, ask)

    @admin.action(description="Approve the deletion that somebody else asked for")
    def approve_deletion(self, request: Any, queryset: Any) -> None:
        self._decide(request, queryset, approvals.approve)

    @admin.action(description="Refuse the deletion that somebody else asked for")
    def refuse_deletion(self, request: Any, queryset: Any) -> None:
        self._decide(request, queryset, approvals.refuse)

    @admin.action(description="Call a planned deletion off")
    def cancel_deletion(self, request: Any, queryset: Any) -> None:
        reason = _reason(request)
        self._each(
            request,
            queryset,
            lambda one, actor: commands.cancel_deletion(tenant_id=one.id, actor=actor, reason=reason),
        )

    def _decide(self, request: Any, queryset: Any, command: Callable[..., Any]) -> None:
        def decide(one: Tenant, actor: Actor) -> None:
            asked = _asked_for(one)
            if asked is None:
                messages.error(request, f"{one.slug}: nobody asked for its deletion")
                return
            with entered(PLATFORM):
                decided = command(approval_id=asked.id, actor=actor, now=timezone.now(), reason=_reason(request))
            messages.info(request, f"{one.slug}: {decided.get_status_display().lower()} {decided.failure}")

        self._each(request, queryset, decide)

    def _each(self, request: Any, queryset: Any, command: Callable[[Tenant, Actor], Any]) -> None:
        actor = staff(request)
        with acting(actor, trace_id=trace_id()):
            for one in queryset:
                try:
                    command(one, actor)
                except DomainError as error:
                    messages.error(request, f"{one.slug}: {error}")


def staff(request: Any) -> Actor:
    """The person of platform staff who is at work."""
    return Actor(kind="user", id=request.user.pk, name=request.user.name)


def _reason(request: Any) -> str:
    return str(request.POST.get("reason", ""))[:500]


def _asked_for(company: Tenant) -> Any:
    """The staff's open request for the deletion of a company."""
    with entered(PLATFORM):
        return approval_queries.waiting_about(commands.DELETE_TENANT, company.id)
