"""Django as a WSGI application. The web process wraps it in `config.asgi`; other servers may use it directly."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
