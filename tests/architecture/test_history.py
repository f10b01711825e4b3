"""Every row of identity and access that holds state has a history, or a reason why it has none."""

from __future__ import annotations

import pghistory.models
import pytest
from django.apps import apps
from django.db import connections, models

from apps.core.db.router import alias_for

# Why a model keeps no history of its own.
WITHOUT = {
    "audit.SecurityRecord": "written once; it is the log itself",
    "audit.SecurityChain": "the end of a chain: every state of it is a record of the chain",
    "oidc.Grant": "lives for a minute, and is used once; what comes of it is in the security log",
    "oidc.AccessToken": "issued and revoked, never changed; both are in the security log",
    "oidc.PairwiseSubject": "written once; it follows from person and sector",
    "oidc.DeviceAuthorization": "lives for minutes, and is used once; what comes of it is in the security log",
    "oidc.RefreshToken": "issued, used and revoked; all three are in the security log",
    "oidc.IDToken": "issued, never changed",
    "oidc.SigningKey": "made, used and retired: each rotation is in the security log; a copy of a key is a risk",
    "authenticators.PasskeyHandle": "given once to a person, never changed",
    "policies.PolicyStamp": "changes with each policy, whose history says what changed",
    "tenants.ConfigurationVersion": "it is a history itself: one row for each state of the settings",
    "iam_sessions.Session": "begins, is seen and ends; who began and who ended it is in the security log",
    "iam_sessions.LogoutNotice": "a message on its way to a client; that the session ended is in the security log",
    "service_accounts.ApiKeyUse": "when and from where a key was used last; each first use is in the security log",
}
IAM = [
    model
    for model in apps.get_models(include_auto_created=True)
    if model.__module__.startswith("apps.iam.")
    and model._meta.managed
    and not model._meta.proxy
    and not issubclass(model, pghistory.models.Event)
]


def history_of(model: type[models.Model]) -> type[models.Model] | None:
    return getattr(model, "pgh_event_model", None)


@pytest.mark.parametrize("model", IAM, ids=lambda model: model._meta.label)
def test_each_model_of_iam_is_tracked_or_says_why_not(model: type[models.Model]) -> None:
    assert (history_of(model) is not None) != (model._meta.label in WITHOUT), (
        f"put @tracked() above {model.__name__}, or a reason into WITHOUT; not both"
    )


def test_reasons_are_given_for_models_that_there_are() -> None:
    assert set(WITHOUT) <= {model._meta.label for model in IAM}


@pytest.mark.django_db
@pytest.mark.parametrize("model", [model for model in IAM if history_of(model)], ids=lambda model: model._meta.label)
def test_each_tracked_table_has_its_triggers(model: type[models.Model]) -> None:
    """In the database, where bulk updates and plain SQL cannot pass them by."""
    with connections[alias_for(model)].cursor() as cursor:
        cursor.execute(
            "select tgtype & 28 from pg_trigger where tgrelid = %s::regclass and not tgisinternal "
            "and pg_get_triggerdef(oid) ilike '%%pgtrigger%%'",
            [f'"{model._meta.db_table}"'],
        )
        kinds = {kind for (kind,) in cursor.fetchall()}

    assert {4, 8, 16} <= kinds, "INSERT, DELETE and UPDATE (pg_trigger.tgtype)"
