import pytest

from apps.core.files.tests.contract import StoreContract


class TestAFolder(StoreContract):
    """An S3 server is asked for the same by .ci/extra/s3."""

    @pytest.fixture
    def store(self, file_folder):
        return file_folder

    @pytest.fixture
    def many(self):
        return 3
