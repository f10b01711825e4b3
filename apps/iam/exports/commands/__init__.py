"""Every write of exports, in the current tenant."""

from apps.iam.exports.commands.making import make_export
from apps.iam.exports.commands.removing import end_exports, expire_export, forget_exports
from apps.iam.exports.commands.requesting import note_download, request_company_export, request_person_export
from apps.iam.exports.commands.writing import write_company_export

__all__ = [
    "end_exports",
    "expire_export",
    "forget_exports",
    "make_export",
    "note_download",
    "request_company_export",
    "request_person_export",
    "write_company_export",
]
