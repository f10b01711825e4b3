"""Templates and static files of the console."""

import warnings

from config.env import BASE_DIR, env
from config.settings.core import STATE_DIR

# Only an image has collected them; elsewhere WhiteNoise finds static files where they lie.
warnings.filterwarnings("ignore", message="No directory at", category=UserWarning)

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "frontend" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.core.api.pages.shell",
            ],
        },
    }
]
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "frontend" / "static"]


def _private(folder: str) -> dict[str, object]:
    """As secret as the database: nobody but the platform reads there."""
    return {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": folder, "file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
    }


def _files() -> dict[str, object]:
    """A folder; or, where files must outlive this machine, any storage of Django's: S3 by django-storages, say."""
    backend = env.str("FILES_BACKEND", default="")
    options = env.json("FILES_BACKEND_OPTIONS", default={})
    if backend:
        return {"BACKEND": backend, "OPTIONS": options}
    return _private(str(env.path("FILES_DIR", default=f"{STATE_DIR}/files")))


STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "exports": _private(str(env.path("EXPORT_DIR", default=f"{STATE_DIR}/exports"))),
    "files": _files(),
    "imports": _private(str(env.path("IMPORT_DIR", default=f"{STATE_DIR}/imports"))),
    "archive": _private(str(env.path("EVENTS_ARCHIVE_DIR", default=f"{STATE_DIR}/archive"))),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# The admin of the platform's staff.
UNFOLD = {
    "SITE_TITLE": "Platform",
    "SITE_HEADER": "Platform",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: f"{STATIC_URL}console/icon.svg"},
    ],
}
