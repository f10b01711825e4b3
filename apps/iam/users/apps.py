from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "apps.iam.users"
    label = "users"

    def ready(self) -> None:
        from apps.iam.users import sign_ins

        sign_ins.watch()
