"""The contract of the store of files, kept by django-storages and an S3 server. Run by .ci/extra/s3."""

from __future__ import annotations

import os
from uuid import uuid4

import pytest
from django.test import override_settings

from apps.core.files.places import storage
from apps.core.files.tests.contract import StoreContract

pytestmark = pytest.mark.timeout(240)


class TestS3(StoreContract):
    @pytest.fixture
    def store(self, settings):
        options = {
            "bucket_name": f"files-{uuid4().hex[:8]}",
            "default_acl": "private",
            "endpoint_url": os.environ["S3_ENDPOINT"],
            "access_key": os.environ["S3_KEY"],
            "secret_key": os.environ["S3_SECRET"],
            "addressing_style": "path",
            "region_name": "us-east-1",
        }
        store = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
        with override_settings(STORAGES={**settings.STORAGES, "files": store}):
            storage().connection.create_bucket(Bucket=options["bucket_name"])
            yield storage()

    @pytest.fixture
    def many(self):
        """More than one answer of the server lists."""
        return 1010

    def test_is_closed_to_whoever_has_another_secret(self, store):
        from botocore.exceptions import ClientError

        stranger = type(store)(
            bucket_name=store.bucket_name,
            endpoint_url=store.endpoint_url,
            access_key=store.access_key,
            secret_key="another",
            region_name="us-east-1",
            addressing_style="path",
        )

        with pytest.raises(ClientError, match=r"403|Forbidden|SignatureDoesNotMatch"):
            stranger.listdir("")
