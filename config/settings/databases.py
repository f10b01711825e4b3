"""A database per service, each reached as the application's role; owners and relays are named beside them.

DATABASE_URL and BUSINESS_DATABASE_URL with _OWNER_URL (migrations), _RELAY_URL (event log across tenants),
_REPLICA_URLS (comma-separated) and _DIRECT_URL (past a pooler: listeners, advisory locks).
"""

from typing import Any
from urllib.parse import urlsplit

from config.env import env
from config.services import ALL

_PREFIXES = {"default": "DATABASE", "business": "BUSINESS_DATABASE"}
_STATEMENT_TIMEOUT_MS = env.int("STATEMENT_TIMEOUT_MS", default=15_000)
_LOCK_TIMEOUT_MS = env.int("LOCK_TIMEOUT_MS", default=5_000)
DATABASE_CONNECT_TIMEOUT_S = env.int("DATABASE_CONNECT_TIMEOUT_S", default=5)
_POOL_SIZE = env.int("DATABASE_POOL_SIZE", default=0)
DATABASE_POOL_TIMEOUT_S = env.float("DATABASE_POOL_TIMEOUT_S", default=3.0)

PRIMARY_ALIASES = list(_PREFIXES)


def _database(url: str) -> dict[str, Any]:
    parsed = env.db_url_config(url)
    options: dict[str, Any] = {
        **parsed.get("OPTIONS", {}),
        "connect_timeout": DATABASE_CONNECT_TIMEOUT_S,
        "options": f"-c statement_timeout={_STATEMENT_TIMEOUT_MS} -c lock_timeout={_LOCK_TIMEOUT_MS}",
    }
    if _POOL_SIZE:
        options["pool"] = {"min_size": 1, "max_size": _POOL_SIZE, "timeout": DATABASE_POOL_TIMEOUT_S}
    persistent = {} if _POOL_SIZE else {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
    return {**parsed, "ENGINE": "apps.core.tenancy.postgresql", "OPTIONS": options, **persistent}


def _credentials(url: str) -> dict[str, str]:
    parsed = env.db_url_config(url)
    return {"USER": parsed["USER"], "PASSWORD": parsed["PASSWORD"]}


def _user(name: str, default: str) -> str:
    return urlsplit(env.str(name, default="")).username or default


_URLS = {
    alias: env.str(f"{prefix}_URL", default=f"postgresql://{alias}_app@127.0.0.1:5432/{alias}")
    for alias, prefix in _PREFIXES.items()
}
DATABASE_DIRECT_URLS = {
    alias: env.str(f"{prefix}_DIRECT_URL", default=_URLS[alias]) for alias, prefix in _PREFIXES.items()
}
# Whoever names another way past a pooler has one, and it shares sessions.
_KEEPS_PLANS = {alias: DATABASE_DIRECT_URLS[alias] == url for alias, url in _URLS.items()}
DATABASES = {alias: {**_database(url), "KEEPS_PLANS": _KEEPS_PLANS[alias]} for alias, url in _URLS.items()}
REPLICAS_OF: dict[str, list[str]] = {alias: [] for alias in _PREFIXES}
for _alias, _prefix in _PREFIXES.items():
    for _number, _url in enumerate(env.list(f"{_prefix}_REPLICA_URLS", default=[]), start=1):
        _name = f"{_alias}_replica_{_number}"
        DATABASES[_name] = {**_database(_url), "KEEPS_PLANS": _KEEPS_PLANS[_alias], "TEST": {"MIRROR": _alias}}
        REPLICAS_OF[_alias].append(_name)

DATABASE_OWNERS = {
    alias: _credentials(env.str(f"{prefix}_OWNER_URL"))
    for alias, prefix in _PREFIXES.items()
    if env.str(f"{prefix}_OWNER_URL", default="")
}
# The relay's own connections (libpq URLs): past any pooler, since they hold an advisory lock and LISTEN.
DATABASE_RELAY_URLS = {
    alias: env.str(f"{prefix}_RELAY_URL")
    for alias, prefix in _PREFIXES.items()
    if env.str(f"{prefix}_RELAY_URL", default="")
}
DATABASE_ROLES = {
    alias: {
        "owner": _user(f"{prefix}_OWNER_URL", f"{alias}_owner"),
        "application": _user(f"{prefix}_URL", f"{alias}_app"),
        "relay": _user(f"{prefix}_RELAY_URL", f"{alias}_relay"),
    }
    for alias, prefix in _PREFIXES.items()
}

DATABASE_ROUTERS = ["apps.core.db.router.Router"]
DATABASE_OF_APP = {
    path.rpartition(".")[2]: service.database for service in ALL.values() if service.database for path in service.apps
}
APPS_IN_EVERY_DATABASE = [
    "crypto",
    "events",
    "files",
    "idempotency",
    "jobs",
    "pgtrigger",
    "projections",
    "sagas",
    "tenantdata",
]

PGHISTORY_APPEND_ONLY = True
PGHISTORY_CREATED_AT_FUNCTION = "clock_timestamp()"
