"""How often one address, caller or key may ask. `600/1m`: so many at once, and so many a minute in the long run.

What a company may ask is said by its plan (apps/iam/tenants/plans.py).
"""

from config.env import env
from config.settings.core import ENVIRONMENT

_TIMES = 100 if ENVIRONMENT == "development" else 1  # on a laptop everybody is the same few

RATE_LIMIT_ADDRESS = env.str("RATE_LIMIT_ADDRESS", default=f"{6000 * _TIMES}/1m")
RATE_LIMIT_CALLER = env.str("RATE_LIMIT_CALLER", default=f"{1200 * _TIMES}/1m")
RATE_LIMIT_API_KEY = env.str("RATE_LIMIT_API_KEY", default=f"{3000 * _TIMES}/1m")
RATE_LIMIT_SIGN_IN = env.str("RATE_LIMIT_SIGN_IN", default=f"{120 * _TIMES}/1m")
RATE_LIMIT_MONEY = env.str("RATE_LIMIT_MONEY", default=f"{120 * _TIMES}/1m")
# Names of rules that count and tell, and refuse nobody: to try one on what is really asked.
RATE_LIMIT_DRY_RUN = env.list("RATE_LIMIT_DRY_RUN", default=[])
