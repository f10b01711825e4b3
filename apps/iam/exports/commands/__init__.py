"""Every write of exports, in the current tenant."""

from apps.iam.exports.commands.making import give_up, make_export, told_of
from apps.iam.exports.commands.removing import end_exports, expire_export, forget_exports
from apps.iam.exports.commands.requesting import (
    adopt_export,
    note_download,
    request_company_export,
    request_person_export,
    settle_export,
)
from apps.iam.exports.commands.writing import write_company_export

__all__ = [
    "adopt_export",
    "end_exports",
    "expire_export",
    "forget_exports",
    "give_up",
    "make_export",
    "note_download",
    "request_company_export",
    "request_person_export",
    "settle_export",
    "told_of",
    "write_company_export",
]
