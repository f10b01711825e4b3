"""What files ask of the store of their bytes, whichever it is. A suite gives it a fixture `store`."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from apps.core import files
from apps.core.files import sweeping
from apps.core.files.errors import FileNotKept
from apps.core.files.places import place_of, places_in, storage
from apps.core.files.queries import content
from apps.core.files.testing import image
from apps.core.tenancy import tenant

PICTURES = files.purpose("test.pictures", types=files.IMAGES, max_bytes=2000)
NOWHERE = "business/nobody/nothing"


def keep():
    return files.keep(io.BytesIO(image()), purpose=PICTURES, name="tea.png", using="business")


@pytest.mark.django_db
@pytest.mark.usefixtures("store")
class StoreContract:
    def test_gives_back_what_it_was_given_by_name_and_by_link(self, client, tenant_id):
        with tenant(tenant_id):
            file = keep()
            assert content(file) == image()

        answer = client.get(files.link(file))

        assert b"".join(answer.streaming_content) == image()
        assert answer["Content-Length"] == str(len(image()))

    @pytest.mark.usefixtures("in_tenant")
    def test_loses_a_file_with_its_row_once_that_is_certain(self, django_capture_on_commit_callbacks):
        file = keep()
        place = place_of(file)

        with django_capture_on_commit_callbacks(using="business", execute=True):
            files.drop(file)
            assert storage().exists(place)

        assert not storage().exists(place)

    def test_says_that_a_file_is_gone(self, client, tenant_id):
        with tenant(tenant_id):
            file = keep()
            files.erase_files("business")
            with pytest.raises(FileNotKept):
                content(file)

        assert client.get(files.link(file)).status_code == 404

    @pytest.mark.usefixtures("in_tenant")
    def test_is_swept_of_what_no_row_claims_after_a_day(self):
        kept = keep()
        with pytest.raises(RuntimeError), transaction.atomic(using="business"):
            keep()
            raise RuntimeError

        now = timezone.now()
        assert [sweeping.sweep("business", now=now + timedelta(days=days)) for days in (0, 2, 2)] == [0, 1, 0]
        assert content(kept) == image()

    def test_keeps_the_files_of_each_tenant_apart(self, tenant_id, other_tenant_id):
        with tenant(tenant_id):
            ours = keep()
        with tenant(other_tenant_id):
            keep()
            assert [files.erase_files("business") for _ in range(2)] == [1, 0]

        with tenant(tenant_id):
            assert content(ours) == image()

    def test_knows_nothing_of_what_was_never_there(self):
        assert list(places_in("business/nobody")) == []
        with pytest.raises(FileNotFoundError):
            storage().open(NOWHERE)
        storage().delete(NOWHERE)

    @pytest.mark.usefixtures("in_tenant")
    def test_is_not_swept_of_what_is_dropped_meanwhile(self):
        assert sweeping._is_old(NOWHERE, timezone.now()) is False

    def test_is_listed_to_its_end(self, many):
        for number in range(many):
            storage().save(f"business/many/{number}", ContentFile(b"x"))

        assert len(set(places_in("business/many"))) == many
