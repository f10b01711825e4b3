"""What stops an import before it begins."""

from apps.core.errors import Invalid, Unavailable


class FileUnusable(Invalid):
    """The file is no invoice file."""

    code = "import_file_unusable"


class ImportOptionWrong(Invalid):
    """Something that was said about the file is wrong; `errors` says what."""

    code = "import_option_wrong"


class UploadGone(Unavailable):
    """The uploaded file is not there, or not whole: upload it again."""

    code = "import_upload_gone"
