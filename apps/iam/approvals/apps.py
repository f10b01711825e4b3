from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "apps.iam.approvals"
    label = "approvals"
