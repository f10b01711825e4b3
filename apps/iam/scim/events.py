"""What others may know about directories and what they say."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from apps.core.events import Event, Personal, event
from apps.iam.audit.kinds import Kind
from apps.iam.audit.relevance import security_relevant


@security_relevant(Kind.MEMBER_CHANGED, subject="user_id", shows=("user_name", "changed"), change="described")
@event(topic="iam.directory", aggregate="DirectoryEntry", version=1)
class DirectoryEntryChanged(Event):
    """The tenant's directory says something else of a member than before, or says something for the first time.

    `changed` names the attributes of the SCIM resource. Name, suspension and deletion are told by the membership's
    own events.
    """

    directory_entry_id: UUID
    user_id: UUID
    user_name: Annotated[str, Personal("user_id")]
    external_id: Annotated[str, Personal("user_id")]
    changed: tuple[str, ...]
