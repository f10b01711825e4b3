"""What Prometheus may know: the labels are names of rules, which the code declares."""

from __future__ import annotations

from prometheus_client import Counter

from apps.gateway.ratelimit.rules import RULES, Rule

_REFUSED = Counter(
    "ratelimit_refused", "Requests that a limit refused, or would have in a dry run.", ["rule", "dry_run"]
)
_BY_RULE = {(rule.name, dry): _REFUSED.labels(rule.name, str(dry).lower()) for rule in RULES for dry in (True, False)}
ASKED = Counter("ratelimit_shared_checks", "Checks that asked Redis; the others were leased or remembered.")
AWAY = Counter("ratelimit_checks_without_redis", "Checks for which Redis did not answer.")
AT_ONCE = Counter("ratelimit_refused_at_once", "Requests of companies that had too many under way.")


def count(rule: Rule) -> None:
    known = _BY_RULE.get((rule.name, rule.dry_run))
    (known or _REFUSED.labels("other", "false")).inc()
