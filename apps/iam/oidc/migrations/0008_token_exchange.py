"""Clients that are trusted with token exchange."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("oidc", "0007_subjects_and_claims"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="application",
            name="created_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="application",
            name="updated_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="application",
            name="deleted_delete",
        ),
        migrations.AddField(
            model_name="application",
            name="may_exchange_tokens",
            field=models.BooleanField(
                db_default=False, default=False, help_text="Trusted with token exchange: the platform's own decision."
            ),
        ),
        migrations.AddField(
            model_name="applicationhistory",
            name="may_exchange_tokens",
            field=models.BooleanField(
                db_default=False, default=False, help_text="Trusted with token exchange: the platform's own decision."
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="application",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "oidc_applicationhistory" ("access_token_lifetime_s", "algorithm", "allowed_origins", "allowed_scopes", "authorization_grant_type", "backchannel_logout_session_required", "backchannel_logout_uri", "cimd_expires_at", "client_id", "client_type", "created", "deleted_at", "deleted_by", "deletion_id", "description", "hash_client_secret", "id", "is_enabled", "kind", "logo_uri", "may_exchange_tokens", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "post_logout_redirect_uris", "previous_secret_expires_at", "redirect_uris", "refresh_token_lifetime_s", "registration_source", "skip_authorization", "subject_type", "tenant_id", "updated", "user_id", "version") VALUES (NEW."access_token_lifetime_s", NEW."algorithm", NEW."allowed_origins", NEW."allowed_scopes", NEW."authorization_grant_type", NEW."backchannel_logout_session_required", NEW."backchannel_logout_uri", NEW."cimd_expires_at", NEW."client_id", NEW."client_type", NEW."created", NEW."deleted_at", NEW."deleted_by", NEW."deletion_id", NEW."description", NEW."hash_client_secret", NEW."id", NEW."is_enabled", NEW."kind", NEW."logo_uri", NEW."may_exchange_tokens", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."post_logout_redirect_uris", NEW."previous_secret_expires_at", NEW."redirect_uris", NEW."refresh_token_lifetime_s", NEW."registration_source", NEW."skip_authorization", NEW."subject_type", NEW."tenant_id", NEW."updated", NEW."user_id", NEW."version"); RETURN NULL;',
                    hash="634ec3a406ef09e9990d969c4d9b62191a3dd10a",
                    operation="INSERT",
                    pgid="pgtrigger_created_insert_06051",
                    table="oidc_application",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="application",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."access_token_lifetime_s" IS DISTINCT FROM (NEW."access_token_lifetime_s") OR OLD."algorithm" IS DISTINCT FROM (NEW."algorithm") OR OLD."allowed_origins" IS DISTINCT FROM (NEW."allowed_origins") OR OLD."allowed_scopes" IS DISTINCT FROM (NEW."allowed_scopes") OR OLD."authorization_grant_type" IS DISTINCT FROM (NEW."authorization_grant_type") OR OLD."backchannel_logout_session_required" IS DISTINCT FROM (NEW."backchannel_logout_session_required") OR OLD."backchannel_logout_uri" IS DISTINCT FROM (NEW."backchannel_logout_uri") OR OLD."cimd_expires_at" IS DISTINCT FROM (NEW."cimd_expires_at") OR OLD."client_id" IS DISTINCT FROM (NEW."client_id") OR OLD."client_type" IS DISTINCT FROM (NEW."client_type") OR OLD."created" IS DISTINCT FROM (NEW."created") OR OLD."deleted_at" IS DISTINCT FROM (NEW."deleted_at") OR OLD."deleted_by" IS DISTINCT FROM (NEW."deleted_by") OR OLD."deletion_id" IS DISTINCT FROM (NEW."deletion_id") OR OLD."description" IS DISTINCT FROM (NEW."description") OR OLD."hash_client_secret" IS DISTINCT FROM (NEW."hash_client_secret") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."is_enabled" IS DISTINCT FROM (NEW."is_enabled") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."logo_uri" IS DISTINCT FROM (NEW."logo_uri") OR OLD."may_exchange_tokens" IS DISTINCT FROM (NEW."may_exchange_tokens") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."post_logout_redirect_uris" IS DISTINCT FROM (NEW."post_logout_redirect_uris") OR OLD."previous_secret_expires_at" IS DISTINCT FROM (NEW."previous_secret_expires_at") OR OLD."redirect_uris" IS DISTINCT FROM (NEW."redirect_uris") OR OLD."refresh_token_lifetime_s" IS DISTINCT FROM (NEW."refresh_token_lifetime_s") OR OLD."registration_source" IS DISTINCT FROM (NEW."registration_source") OR OLD."skip_authorization" IS DISTINCT FROM (NEW."skip_authorization") OR OLD."subject_type" IS DISTINCT FROM (NEW."subject_type") OR OLD."tenant_id" IS DISTINCT FROM (NEW."tenant_id") OR OLD."updated" IS DISTINCT FROM (NEW."updated") OR OLD."user_id" IS DISTINCT FROM (NEW."user_id") OR OLD."version" IS DISTINCT FROM (NEW."version"))',
                    func='INSERT INTO "oidc_applicationhistory" ("access_token_lifetime_s", "algorithm", "allowed_origins", "allowed_scopes", "authorization_grant_type", "backchannel_logout_session_required", "backchannel_logout_uri", "cimd_expires_at", "client_id", "client_type", "created", "deleted_at", "deleted_by", "deletion_id", "description", "hash_client_secret", "id", "is_enabled", "kind", "logo_uri", "may_exchange_tokens", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "post_logout_redirect_uris", "previous_secret_expires_at", "redirect_uris", "refresh_token_lifetime_s", "registration_source", "skip_authorization", "subject_type", "tenant_id", "updated", "user_id", "version") VALUES (NEW."access_token_lifetime_s", NEW."algorithm", NEW."allowed_origins", NEW."allowed_scopes", NEW."authorization_grant_type", NEW."backchannel_logout_session_required", NEW."backchannel_logout_uri", NEW."cimd_expires_at", NEW."client_id", NEW."client_type", NEW."created", NEW."deleted_at", NEW."deleted_by", NEW."deletion_id", NEW."description", NEW."hash_client_secret", NEW."id", NEW."is_enabled", NEW."kind", NEW."logo_uri", NEW."may_exchange_tokens", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."post_logout_redirect_uris", NEW."previous_secret_expires_at", NEW."redirect_uris", NEW."refresh_token_lifetime_s", NEW."registration_source", NEW."skip_authorization", NEW."subject_type", NEW."tenant_id", NEW."updated", NEW."user_id", NEW."version"); RETURN NULL;',
                    hash="328497b4016d4787ceb4bddf3a8779b28306422b",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_update_e1de8",
                    table="oidc_application",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="application",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "oidc_applicationhistory" ("access_token_lifetime_s", "algorithm", "allowed_origins", "allowed_scopes", "authorization_grant_type", "backchannel_logout_session_required", "backchannel_logout_uri", "cimd_expires_at", "client_id", "client_type", "created", "deleted_at", "deleted_by", "deletion_id", "description", "hash_client_secret", "id", "is_enabled", "kind", "logo_uri", "may_exchange_tokens", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "post_logout_redirect_uris", "previous_secret_expires_at", "redirect_uris", "refresh_token_lifetime_s", "registration_source", "skip_authorization", "subject_type", "tenant_id", "updated", "user_id", "version") VALUES (OLD."access_token_lifetime_s", OLD."algorithm", OLD."allowed_origins", OLD."allowed_scopes", OLD."authorization_grant_type", OLD."backchannel_logout_session_required", OLD."backchannel_logout_uri", OLD."cimd_expires_at", OLD."client_id", OLD."client_type", OLD."created", OLD."deleted_at", OLD."deleted_by", OLD."deletion_id", OLD."description", OLD."hash_client_secret", OLD."id", OLD."is_enabled", OLD."kind", OLD."logo_uri", OLD."may_exchange_tokens", OLD."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."post_logout_redirect_uris", OLD."previous_secret_expires_at", OLD."redirect_uris", OLD."refresh_token_lifetime_s", OLD."registration_source", OLD."skip_authorization", OLD."subject_type", OLD."tenant_id", OLD."updated", OLD."user_id", OLD."version"); RETURN NULL;',
                    hash="a3bb07877e85aa36e56295a4829bf806a41f3585",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_164d5",
                    table="oidc_application",
                    when="AFTER",
                ),
            ),
        ),
    ]
