"""Identity and access: what the audit shows, who fills a demonstration, how long things wait."""

from config.env import env

# How long a request for approval waits for a second person; so long, too, a second person counts who was removed.
APPROVAL_DAYS = env.int("APPROVAL_DAYS", default=7)
# How long the file of an export can be fetched, and where it is written until it is whole (empty: the system's choice).
EXPORT_DAYS = env.int("EXPORT_DAYS", default=7)
EXPORT_WORK_DIR = env.str("EXPORT_WORK_DIR", default="")
# How long after two people agreed on it a company's data are erased. Until then it can be called off.
TENANT_DELETION_DAYS = env.int("TENANT_DELETION_DAYS", default=30)

# Dotted functions `(where: ChangeFilter, *, limit: int) -> list[Change]`, each with the entities it knows: the audit of
# all services merges them.
CHANGE_SOURCES = {
    "apps.iam.users.queries.changes": ["Membership"],
    "apps.iam.credentials.queries.changes": ["Invitation"],
    "apps.iam.oidc.clients.queries.changes": ["Application"],
    "apps.iam.service_accounts.queries.changes": ["ServiceAccount", "ApiKey"],
    "apps.iam.approvals.queries.changes": ["ApprovalRequest"],
    "apps.iam.exports.queries.changes": ["Export"],
    "apps.iam.applications.queries.changes": ["ApplicationApproval", "Consent", "ConsentSettings"],
    "apps.iam.roles.queries.changes": ["Role", "RoleAssignment", "SeparationRule"],
    "apps.iam.identity_providers.queries.changes": ["IdentityProvider", "IdentityLink"],
    "apps.iam.groups.queries.changes": ["Group", "GroupMember"],
    "apps.iam.policies.queries.changes": ["Policy"],
    "apps.core.events.dead_letters.changes": ["DeadLetter"],
    "apps.business.facade.business.changes": ["Customer", "DeadLetter", "Order", "Product", "Shipment"],
    "apps.core.webhooks.queries.changes": ["WebhookEndpoint"],
}

# Dotted functions `(*, tenant_id: UUID, slug: str) -> None`, called in this order for each demonstration tenant once it
# has its people.
DEMO_SEEDERS = ["apps.business.demo.seed", "apps.business.showcase.seed"]

# How often it is noted that a session is being used, at most.
SESSION_SEEN_S = env.int("SESSION_SEEN_S", default=60)
# How long somebody may act as somebody else at a time.
IMPERSONATION_S = env.int("IMPERSONATION_S", default=3600)
# How long it can be looked up that there was a session.
SESSION_KEEP_DAYS = env.int("SESSION_KEEP_DAYS", default=90)

# Addresses are unique among people who are not deleted, which Django's check does not see through a partial index.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]

# The security log has a partition for this month and the next so many.
AUDIT_PARTITIONS_AHEAD = env.int("AUDIT_PARTITIONS_AHEAD", default=3)
# Checkpoints of the security log are appended to this file, beside the process's log and the events; "": to those only.
AUDIT_CHECKPOINT_FILE = env.str("AUDIT_CHECKPOINT_FILE", default="")
# How often the chains that grew get a checkpoint: what is younger than the last one can be rewritten unnoticed by
# whoever holds both the database and SECRET_KEY.
AUDIT_ANCHOR_INTERVAL_S = env.int("AUDIT_ANCHOR_INTERVAL_S", default=3600)
# Records that a verification over HTTP reads at most; `manage.py verify_audit` reads all.
AUDIT_VERIFY_RECORDS = env.int("AUDIT_VERIFY_RECORDS", default=20_000)
# Months that `manage.py trim_audit` keeps, by the operator's hand; 0 keeps all.
AUDIT_KEEP_MONTHS = env.int("AUDIT_KEEP_MONTHS", default=0)
# Types of objects that a role may be given for, each with a dotted function `(ids) -> {id: name}` of those that exist.
RESOURCE_TYPES = {
    "customer": "apps.business.facade.business.customer_names",
    "group": "apps.iam.groups.membership.existing",
    "order": "apps.business.facade.business.order_names",
    "product": "apps.business.facade.business.product_names",
}
