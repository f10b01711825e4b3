"""Everything of a company in one file, and nothing of another one."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta

import pytest
from django.core.files.storage import storages
from django.utils import timezone

from apps.business.facade import business
from apps.core import files
from apps.core.files.testing import image
from apps.core.jobs import queries as jobs
from apps.core.jobs.commands import cancel_job, retry_job
from apps.core.jobs.testing import run_jobs
from apps.core.tenancy import tenant
from apps.core.tenantdata.tables import exported_tables
from apps.iam.audit.events import SecurityEventRecorded
from apps.iam.audit.files import verify_file
from apps.iam.exports import archive, commands, queries, tasks
from apps.iam.exports.errors import ExportNotFound, ExportNotReady
from apps.iam.exports.models import Export
from apps.iam.service_accounts import commands as service_accounts
from apps.iam.users import commands as users
from apps.iam.users import queries as people

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_export(by_owner):
    return lambda: commands.request_company_export(actor=by_owner, now=timezone.now())


class TestArchive:
    def test_holds_every_table_with_every_row(self, request_export, made, company, member):
        member("clerk", name="Zoë Blum")

        archive = made(request_export())

        files = {entry["file"]: entry for entry in archive.manifest["files"]}
        own = {f"iam/{table.name}.jsonl" for table in exported_tables("default")}
        theirs = {f"business/{table.name}.jsonl" for table in business.exported_tables()}
        archived = {"iam/archived_events.jsonl", "business/archived_events.jsonl"}
        besides = {"iam/tenant.jsonl", "iam/people.jsonl", "iam/security_log.jsonl", *archived}
        assert set(files) == own | theirs | besides
        assert {row["name"] for row in archive.rows("iam/users_membership")} == {"Olive Hart", "Zoë Blum"}
        assert archive.rows("iam/tenant")[0]["slug"] == company.slug

    def test_holds_the_bytes_of_the_companys_files(self, request_export, made, file_folder, company):
        purpose = files.purpose("tests.exported", types=files.IMAGES | files.TEXTS, max_bytes=1000)
        with tenant(company.id):
            for name, content in (("damage.png", image()), ("gone.txt", b"gone")):
                files.keep(io.BytesIO(content), purpose=purpose, name=name, using="business")
        next(path for path in file_folder.glob("business/*/*") if path.read_bytes() == b"gone").unlink()

        archive = made(request_export())

        kept, gone = sorted(archive.manifest["contents"], key=lambda entry: entry["name"])
        assert (kept["name"], archive.zip.read(kept["file"])) == ("damage.png", image())
        assert (kept["bytes"], gone["name"], gone["missing"]) == (len(image()), "gone.txt", True)
        assert kept["file"] == f"business/files/{archive.rows('business/files_storedfile')[0]['id']}"

    def test_holds_the_security_log_in_a_form_that_can_be_verified(self, request_export, made, by_owner, owner, drain):
        users.set_password(user_id=owner.user_id, password="a password that nobody guesses")
        request = request_export()
        drain()

        log = made(request).zip.read("iam/security_log.jsonl").decode()

        report = verify_file(io.StringIO(log))
        assert (report.intact, report.complete, report.records > 0) == (True, True, True)
        assert not verify_file(io.StringIO(log.replace("data.exported", "data.imported"))).intact

    def test_says_in_its_manifest_what_each_file_holds(self, request_export, made, owner):
        archive = made(request_export())

        assert archive.manifest["rows"] == sum(entry["rows"] for entry in archive.manifest["files"])
        for entry in archive.manifest["files"]:
            content = archive.zip.read(entry["file"])
            assert entry["sha256"] == hashlib.sha256(content).hexdigest()
            assert entry["rows"] == len(content.splitlines())

    def test_holds_nothing_of_another_company(self, request_export, made, other_company, member):
        with tenant(other_company.id):
            stranger = member("owner", name="Stranger Danger")

        text = made(request_export()).everything()

        assert "Stranger Danger" not in text
        assert str(stranger.user_id) not in text
        assert str(other_company.id) not in text

    def test_holds_no_secret(self, request_export, made, company, by_owner, owner):
        password = "a password that nobody guesses"
        users.add_member(
            email="zoe@mail.example", name="Zoë", roles=["clerk"], password=password, actor=by_owner, now=timezone.now()
        )
        client_id, secret = service_accounts.register_api_client(
            tenant_id=company.id, name="Robot", roles=["clerk"], actor=by_owner, now=timezone.now()
        )
        key = service_accounts.create_key(
            holder_id=owner.user_id, holder_kind="user", name="Mine", actor=by_owner, now=timezone.now()
        )
        archive = made(request_export())

        text = archive.everything()
        assert client_id in text
        for told in (password, secret, key.secret, key.row.digest, people.user_by_email("zoe@mail.example").password):
            assert told not in text
        left_out = {entry["file"]: entry.get("left_out", []) for entry in archive.manifest["files"]}
        assert "client_secret" in left_out["iam/oidc_application.jsonl"]


class TestRequest:
    def test_is_told_to_the_log_once_while_it_is_open(self, request_export, published):
        first = request_export()

        assert request_export().id == first.id
        told = [(one.kind, one.details["step"]) for one in published if isinstance(one, SecurityEventRecorded)]
        assert told == [("data.exported", "requested")]

    def test_makes_another_one_after_that(self, request_export, made):
        first = request_export()
        made(first)

        assert request_export().id != first.id

    def test_is_not_seen_by_another_company(self, request_export, other_company):
        found = request_export()

        with tenant(other_company.id), pytest.raises(ExportNotFound):
            queries.export(found.id, queries.all_exports())


class TestJob:
    def test_makes_it_and_says_how_far_it_has_come(self, request_export, company):
        found = request_export()
        with tenant(company.id):
            (job,) = run_jobs("default")
            done = queries.export(found.id, queries.all_exports())

        assert (job.state, job.done, job.total) == ("succeeded", job.total, len(done.counts))
        assert (done.state, done.progress, done.stage) == ("ready", 100, "")
        assert done.rows_done == sum(done.counts.values()) > 0
        assert done.size_bytes == storages["exports"].size(done.file)

    def test_tells_while_it_is_at_it(self, request_export, company, monkeypatch):
        found, seen = request_export(), []
        real = archive.write_archive

        def watched(file, parts, about, told, **more):
            told("orders", 3, 1200)
            seen.append(queries.export(found.id, queries.all_exports()))
            return real(file, parts, about, told, **more)

        monkeypatch.setattr("apps.iam.exports.commands.making.write_archive", watched)
        with tenant(company.id):
            run_jobs("default")

        assert (seen[0].state, seen[0].stage) == ("running", "orders: 1,200 rows")
        assert 0 < seen[0].progress < 50

    def test_makes_it_once_however_often_it_runs(self, request_export, made):
        found = request_export()
        first = made(found)
        again = made(found)

        assert first.content == again.content

    def test_begins_anew_after_a_runner_that_died(self, request_export, made):
        found = request_export()
        found.begin()
        found.save()

        assert made(found).manifest["rows"] > 0

    def test_that_dies_notes_why_and_may_be_begun_again(self, request_export, company, monkeypatch, by_owner):
        found = request_export()
        jobs.all_jobs("default").filter(id=found.job_id).update(attempts=4)
        with monkeypatch.context() as broken, tenant(company.id):
            broken.setattr("apps.iam.exports.sources.parts_of_company", lambda: 1 / 0)
            (dead,) = run_jobs("default")
        found.refresh_from_db()
        assert (dead.state, found.state, found.failure) == ("dead", "failed", "something went wrong on our side")

        retry_job(job_id=dead.id, using="default", actor=by_owner, now=timezone.now())
        with tenant(company.id):
            run_jobs("default")
        found.refresh_from_db()

        assert (found.state, found.failure) == ("ready", "")

    def test_that_is_called_off_leaves_room_for_another(self, request_export, by_owner):
        first = request_export()
        cancel_job(job_id=first.job_id, using="default", actor=by_owner, now=timezone.now())

        second = request_export()

        first.refresh_from_db()
        assert second.id != first.id
        assert (first.state, first.failure) == ("failed", "it was called off")

    def test_that_ended_without_it_is_noticed_by_the_sweep(self, request_export, by_owner):
        found = request_export()
        cancel_job(job_id=found.job_id, using="default", actor=by_owner, now=timezone.now())

        tasks.sweep()

        found.refresh_from_db()
        assert found.state == "failed"

    def test_is_given_to_what_was_asked_for_before_there_were_any(self, request_export, company):
        found = request_export()
        jobs.all_jobs("default").delete()
        Export.objects.filter(id=found.id).update(job_id=None)

        tasks.sweep()
        tasks.sweep()

        with tenant(company.id):
            assert [job.state for job in run_jobs("default")] == ["succeeded"]
        found.refresh_from_db()
        assert found.state == "ready"


class TestEnd:
    def test_takes_the_file_away_when_its_time_is_over(self, request_export, made):
        found = request_export()
        made(found)
        found.refresh_from_db()
        file = found.file
        Export.objects.filter(id=found.id).update(expires_at=timezone.now())

        tasks.sweep()
        tasks.sweep()

        found.refresh_from_db()
        assert (found.state, storages["exports"].exists(file)) == ("expired", False)
        with pytest.raises(ExportNotReady):
            queries.file_of(found)

    def test_forgets_old_records_with_their_files(self, request_export, made):
        found = request_export()
        made(found)
        found.refresh_from_db()

        assert commands.forget_exports(before=timezone.now() - timedelta(days=1)) == 0
        assert commands.forget_exports(before=timezone.now() + timedelta(days=1)) == 1
        assert not storages["exports"].exists(found.file)
        assert not Export.objects.exists()
