"""What stops an import before it begins."""

from apps.core.errors import Invalid


class FileUnusable(Invalid):
    """The file is no invoice file."""

    code = "import_file_unusable"
