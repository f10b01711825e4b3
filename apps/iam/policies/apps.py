from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    name = "apps.iam.policies"
    label = "policies"
