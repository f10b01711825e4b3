"""Writes of the security log."""

from apps.iam.audit.commands.anchor_chain import Anchor, anchor_chain
from apps.iam.audit.commands.append_record import append_record
from apps.iam.audit.commands.record_security_event import record_security_event

__all__ = ["Anchor", "anchor_chain", "append_record", "record_security_event"]
