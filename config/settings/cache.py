"""Two Redis instances, since an eviction policy belongs to the instance: REDIS_URL keeps what must not be lost
(sessions, broker, limits; noeviction), CACHE_REDIS_URL what may be (allkeys-lfu).
"""

from typing import Any

from config.env import env

REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHE_REDIS_URL = env.str("CACHE_REDIS_URL", default="redis://127.0.0.1:6380/0")
REDIS_TIMEOUT_S = env.float("REDIS_TIMEOUT_S", default=2.0)


def _redis(url: str, prefix: str) -> dict[str, Any]:
    return {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": url,
        "KEY_PREFIX": prefix,
        "OPTIONS": {
            "CLIENT_CLASS": "django_redis.client.DefaultClient",
            "REDIS_CLIENT_CLASS": "apps.core.resilience.redis_client.FailingFastRedis",
            "SOCKET_CONNECT_TIMEOUT": REDIS_TIMEOUT_S,
            "SOCKET_TIMEOUT": REDIS_TIMEOUT_S,
        },
    }


_cache = _redis(CACHE_REDIS_URL, "cache")
_cache["OPTIONS"]["IGNORE_EXCEPTIONS"] = True  # what is only kept to be quick is looked up where it comes from

CACHES = {
    "default": _cache,
    "sessions": _redis(REDIS_URL, "session"),
    "limits": _redis(REDIS_URL, "limit"),
}
RATELIMIT_USE_CACHE = "limits"
SESSION_CACHE_ALIAS = "sessions"
