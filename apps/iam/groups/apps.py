from django.apps import AppConfig


class GroupsConfig(AppConfig):
    name = "apps.iam.groups"
    label = "groups"
