"""All settings of a process, one file per subsystem."""

from config.settings.api import *  # noqa: F403
from config.settings.auth import *  # noqa: F403
from config.settings.business import *  # noqa: F403
from config.settings.cache import *  # noqa: F403
from config.settings.celery import *  # noqa: F403
from config.settings.core import *  # noqa: F403
from config.settings.databases import *  # noqa: F403
from config.settings.events import *  # noqa: F403
from config.settings.files import *  # noqa: F403
from config.settings.frontend import *  # noqa: F403
from config.settings.iam import *  # noqa: F403
from config.settings.jobs import *  # noqa: F403
from config.settings.limits import *  # noqa: F403
from config.settings.mail import *  # noqa: F403
from config.settings.observability import *  # noqa: F403
from config.settings.oidc import *  # noqa: F403
from config.settings.payments import *  # noqa: F403
from config.settings.sagas import *  # noqa: F403
from config.settings.security import *  # noqa: F403
from config.settings.web import *  # noqa: F403
from config.settings.webhooks import *  # noqa: F403
