"""Groups as objects of policies: nothing can be asked of one but which it is. Plain data, for every process."""

from apps.core.auth.resource_kinds import ResourceKind

GROUP = ResourceKind("group", nouns=("groups",))
