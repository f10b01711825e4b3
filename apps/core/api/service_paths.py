"""`/services/<service>/…`: what each service has of its own in its own database, such as jobs and dead letters.

The service is in the path, so that a process which holds another service is found by the path alone.
"""

from __future__ import annotations

from django.conf import settings
from django.urls import register_converter


class ServiceConverter:
    """`<service:service>` in a route: the name of a service of this process that has a database. Others are a 404."""

    regex = "[a-z]+"

    def to_python(self, value: str) -> str:
        """Raises ValueError for a service that is not here."""
        if value not in services_with_a_database():
            raise ValueError(value)
        return value

    def to_url(self, value: str) -> str:
        return value


def services_with_a_database() -> list[str]:
    """The names of this process's services that keep something."""
    return [name for name in settings.SERVICES if name in settings.EVENTS_LOG_OF_SERVICE]


def database_of(service: str) -> str:
    """The alias of a service's database. Raises KeyError for a service without one."""
    return str(settings.EVENTS_LOG_OF_SERVICE[service])


def service_at(alias: str) -> str:
    """The service whose database this is."""
    return next(name for name, database in settings.EVENTS_LOG_OF_SERVICE.items() if database == alias)


register_converter(ServiceConverter, "service")
