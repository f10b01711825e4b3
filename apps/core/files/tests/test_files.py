import io
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from apps.core import files
from apps.core.files import links, sweeping
from apps.core.files.errors import FileNotKept, FileRefused
from apps.core.files.models import StoredFile
from apps.core.files.testing import image
from apps.core.files.tests.test_content import SCRIPT
from apps.core.tenancy import tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("file_folder")]
PICTURES = files.purpose("test.pictures", types=files.IMAGES, max_bytes=2000)
NOTES = files.purpose("test.notes", types=files.TEXTS | files.DOCUMENTS, max_bytes=2000)


def keep(content=None, *, name="tea.png", purpose=PICTURES):
    return files.keep(io.BytesIO(content or image()), purpose=purpose, name=name, using="business")


def stored(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def file(tenant_id):
    with tenant(tenant_id):
        return keep()


@pytest.mark.usefixtures("in_tenant")
class TestKeeping:
    def test_keeps_the_bytes_and_says_what_they_are(self, file_folder):
        file = keep(image(width=20, height=10), name="C:\\photos\\tea\u202egnp.png")

        assert (file.content_type, file.width, file.height, file.name) == ("image/png", 20, 10, "teagnp.png")
        assert files.files([file.id], using="business") == {file.id: file}
        assert stored(file_folder) == [str(file.id)]
        (path,) = (path for path in file_folder.rglob("*") if path.is_file())
        assert path.stat().st_mode & 0o077 == 0

    @pytest.mark.parametrize(
        "content", [SCRIPT, b'<svg xmlns="http://www.w3.org/2000/svg"/>', b"%PDF-1.7", b"\x89PNG\r\n\x1a\n" + SCRIPT]
    )
    def test_refuses_what_only_calls_itself_an_image(self, content, file_folder):
        with pytest.raises(FileRefused, match="its content is none of image/gif"):
            keep(content, name="innocent.png")

        assert stored(file_folder) == []
        assert not StoredFile.objects.using("business").exists()

    def test_refuses_what_is_too_large(self, settings):
        with pytest.raises(FileRefused, match="larger than 2,000 bytes"):
            keep(b"x" * 2001, purpose=NOTES)
        settings.FILES_MAX_BYTES = 10
        with pytest.raises(FileRefused, match="larger than 10 bytes"):
            keep(b"x" * 11, purpose=NOTES)

    def test_refuses_an_image_that_is_large_when_it_is_unpacked(self, settings):
        settings.FILES_MAX_PIXELS = 99

        with pytest.raises(FileRefused, match="10 by 10 pixels"):
            keep(image(width=10, height=10))

    def test_refuses_an_empty_file(self):
        with pytest.raises(FileRefused, match="empty"):
            files.keep(io.BytesIO(), purpose=PICTURES, name="x", using="business")

    def test_only_promises_what_it_can_tell(self):
        with pytest.raises(ValueError, match=r"image/svg\+xml"):
            files.purpose("test.drawings", types=["image/svg+xml"], max_bytes=1)


@pytest.mark.usefixtures("in_tenant")
class TestDropping:
    def test_takes_the_bytes_along_once_it_is_certain(self, file_folder, django_capture_on_commit_callbacks):
        file = keep()

        with django_capture_on_commit_callbacks(using="business", execute=True):
            files.drop(file)
            assert len(stored(file_folder)) == 1

        assert stored(file_folder) == []
        assert not StoredFile.objects.using("business").exists()

    def test_leaves_them_where_it_is_taken_back(self, file_folder):
        file = keep()
        name = str(file.id)

        with pytest.raises(RuntimeError), transaction.atomic(using="business"):
            files.drop(file)
            raise RuntimeError

        assert stored(file_folder) == [name]


@pytest.mark.usefixtures("in_tenant")
class TestSweeping:
    def test_deletes_bytes_that_no_row_has_claimed_for_a_day(self, file_folder):
        kept = keep()
        with pytest.raises(RuntimeError), transaction.atomic(using="business"):
            keep()
            raise RuntimeError

        assert sweeping.sweep("business", now=timezone.now()) == 0
        assert sweeping.sweep("business", now=timezone.now() + timedelta(days=2)) == 1
        assert stored(file_folder) == [str(kept.id)]

    def test_leaves_files_of_other_tenants(self, file_folder, other_tenant_id):
        keep()

        with tenant(other_tenant_id):
            sweeping.sweep("business", now=timezone.now() + timedelta(days=2))
            assert files.erase_files("business") == 0
        assert len(stored(file_folder)) == 1

    def test_erases_the_bytes_of_a_tenant_that_goes(self, file_folder):
        keep()

        assert [files.erase_files("business") for _ in range(2)] == [1, 0]
        assert stored(file_folder) == []


class TestLinks:
    def test_lead_anybody_who_has_them_to_the_file(self, client, file):
        answer = client.get(files.link(file))

        assert b"".join(answer.streaming_content) == image()
        assert answer["Content-Type"] == "image/png"

    def test_serve_it_so_that_nothing_in_it_can_run(self, client, tenant_id):
        with tenant(tenant_id):
            image_answer, text_answer = (client.get(files.link(kept)) for kept in (keep(), keep(SCRIPT, purpose=NOTES)))

        for answer in (image_answer, text_answer):
            assert answer["X-Content-Type-Options"] == "nosniff"
            assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
            assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
            assert answer["Cache-Control"].startswith("private, max-age=")
        assert image_answer["Content-Disposition"] == 'inline; filename="tea.png"'
        assert text_answer["Content-Disposition"] == 'attachment; filename="tea.png"'
        assert text_answer["Content-Type"] == "text/plain"

    def test_stay_the_same_for_a_while_and_then_expire(self, file, settings):
        settings.FILES_LINK_S = 60
        now = timezone.now()
        link = files.link(file, now=now)
        token = link.rpartition("/")[2]

        assert links.opened(token, "business", now=now + timedelta(seconds=59)).file_id == file.id
        with pytest.raises(FileNotKept):
            links.opened(token, "business", now=now + timedelta(seconds=121))

    def test_are_refused_once_they_are_over(self, client, file):
        long_ago = timezone.now() - timedelta(days=1)

        assert client.get(files.link(file, now=long_ago)).status_code == 404

    def test_open_nothing_else(self, client, file, other_tenant_id):
        """Another tenant's claim on the file, another service's link, one that was changed, and no link at all."""
        link = files.link(file)
        claim = {"t": other_tenant_id.hex, "f": file.id.hex, "e": int(timezone.now().timestamp()) + 60}
        strangers = links._signer("business").sign_object(claim)
        token = link.rpartition("/")[2]

        for path in (
            f"/services/business/files/{strangers}",
            f"/services/iam/files/{token}",
            f"/services/business/files/{token[:-1]}{'a' if token[-1] != 'a' else 'b'}",
            "/services/business/files/nonsense",
        ):
            assert client.get(path).status_code == 404, path

    def test_lead_nowhere_once_the_file_is_gone(self, client, file, tenant_id, file_folder):
        link = files.link(file)
        with tenant(tenant_id):
            files.erase_files("business")
        assert client.get(link).status_code == 404

        with tenant(tenant_id):
            files.drop(file)
        assert client.get(link).status_code == 404
