"""The clients of the provider that belong to tenants: what may be said of one, and every write and read of them.

People meet them as applications (`iam.applications`), machines as service accounts (`iam.service_accounts`).
"""
