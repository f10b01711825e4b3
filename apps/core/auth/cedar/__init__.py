"""Policies in Cedar (https://docs.cedarpolicy.com), evaluated in this process by `cedarpy`.

Policies only forbid: what no role allows stays denied, whatever they say (ADR 16). The library is imported when a
tenant has a policy, so that a platform without policies runs where there is no wheel for it.
"""

from apps.core.auth.cedar.engine import CedarPolicies, TheseOnly

__all__ = ["CedarPolicies", "TheseOnly"]
