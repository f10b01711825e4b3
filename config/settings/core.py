"""Where we are, which apps are installed, in which order a request passes the middleware."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config.env import BASE_DIR, env
from config.services import ALL, services_here

DEBUG = env.bool("DEBUG", default=False)
BASE_URL = env.str("BASE_URL", default="http://127.0.0.1:8000")


def _is_on_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name
        return host == "localhost" or host.endswith(".localhost")


ENVIRONMENT = env.str("ENVIRONMENT", default="") or ("development" if _is_on_this_machine(BASE_URL) else "")
if not ENVIRONMENT:
    # Development has secrets that everybody knows and a page with everybody's mail: nobody gets it by leaving it out.
    raise ImproperlyConfigured(f"ENVIRONMENT is needed at {BASE_URL}, such as ENVIRONMENT=production")
STATE_DIR = env.path("STATE_DIR", default=str(BASE_DIR / "var"))
SERVICES = [service.name for service in services_here()]
RELEASE = env.str("RELEASE", default="development")

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
USE_I18N = False

# Models refer to one another by string, so every process knows every app; URLs, topics and queues follow SERVICES.
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "apps.core.api.staff_site.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_filters",
    "django_htmx",
    "django_prometheus",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "mozilla_django_oidc",
    "oauth2_provider",
    "pghistory",
    "pgtrigger",
    "rest_framework",
    "apps.core.observability",
    "apps.core.resilience",
    "apps.core.tenancy",
    "apps.core.db",
    "apps.core.crypto",
    "apps.core.events",
    "apps.core.files",
    "apps.core.idempotency",
    "apps.core.jobs",
    "apps.core.tenantdata",
    "apps.core.mail",
    "apps.core.auth",
    "apps.core.api",
    "apps.core.projections",
    "apps.core.operations",
    "apps.core.web",
    "apps.core.sagas",
    "apps.core.webhooks",
    "apps.core.embedded",
    *[app for service in ALL.values() for app in service.apps],
    "config.apps.ProcessConfig",  # when all others are ready
]

MIDDLEWARE = [
    "apps.core.observability.middleware.RequestMiddleware",
    "apps.core.api.deadline.DeadlineMiddleware",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "apps.core.api.cross_origin.CrossOriginMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.gateway.ratelimit.middleware.RefusedBeforeMiddleware",
    "apps.gateway.bff.middleware.SessionMiddleware",
    "apps.gateway.bff.middleware.TokenRelayMiddleware",
    "django.middleware.common.CommonMiddleware",
    "apps.core.api.same_origin.SameOriginMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.core.auth.middleware.PrincipalMiddleware",
    "apps.gateway.ratelimit.middleware.RateLimitMiddleware",
    "apps.core.api.consistency.ConsistencyMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.core.api.middleware.ProblemMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
