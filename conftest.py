"""The suite's servers and shared fixtures come from `apps.core.testing.plugin` (named in pyproject.toml)."""

from apps.core.testing.databases import django_db_setup, kept_by_class  # noqa: F401  (the first replaces pytest-django's)

pytest_plugins = ["apps.core.events.testing", "apps.core.files.testing", "apps.core.testing.replica", "tests.callers"]
