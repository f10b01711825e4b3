"""The operator's commands: verify, anchor, trim."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.core.db.ids import uuid7
from apps.core.tenancy import PLATFORM, tenant
from apps.iam.audit import chain, commands, tasks, verification
from apps.iam.audit.checkpoints import checkpoints_in, read_checkpoint, signed_checkpoint
from apps.iam.audit.errors import ChainBroken
from apps.iam.audit.events import SecurityLogAnchored
from apps.iam.audit.facts import Facts
from apps.iam.audit.models import SecurityChain, SecurityRecord
from apps.iam.audit.tests.test_chain import forge, rewrite_from


def run(command, *arguments):
    """The exit status and all that was said."""
    out = StringIO()
    try:
        call_command(command, *arguments, stdout=out, stderr=out)
    except CommandError as error:
        return error.returncode, out.getvalue() + str(error)
    return 0, out.getvalue()


@pytest.fixture
def records(happened):
    return [happened(reason=f"number {number}") for number in range(1, 6)]


@pytest.fixture
def checkpoints(tmp_path, settings):
    settings.AUDIT_CHECKPOINT_FILE = str(tmp_path / "kept" / "checkpoints")
    return tmp_path / "kept" / "checkpoints"


@pytest.mark.django_db(transaction=True)
class TestVerifyAudit:
    def test_says_that_a_chain_is_intact(self, records, company):
        status, said = run("verify_audit", "--tenant", company.slug)

        assert status == 0
        assert said == (f"{company.slug}: intact, 5 records read, the chain ends with 5 {records[-1].hash}\n")

    def test_visits_every_chain(self, records, happened, company, other_company):
        happened(chain=PLATFORM), happened(chain=other_company.id)

        status, said = run("verify_audit", "--all")

        assert status == 0
        assert {line.partition(":")[0] for line in said.splitlines()} == {"platform", company.slug, other_company.slug}

    def test_says_what_is_wrong_where_and_fails(self, records, superuser, company):
        superuser.execute("update audit_security_record set reason = 'x', reason_key = 'x' where sequence = 3")
        superuser.execute("delete from audit_security_record where sequence = 5")

        status, said = run("verify_audit", "--all")

        assert status == 1
        assert f"{company.slug}: altered: record 3 ({records[2].event_id}) was altered" in said
        assert f"{company.slug}: truncated: the chain should go on to record 5, and ends with 4" in said

    def test_begins_at_a_place_or_a_day(self, records, superuser, company):
        superuser.execute("update audit_security_record set reason = 'x', reason_key = 'x' where sequence = 2")
        today = timezone.now().date()

        assert run("verify_audit", "--tenant", company.slug, "--from", "3")[0] == 0
        assert run("verify_audit", "--tenant", company.slug, "--from", "2")[0] == 1
        assert run("verify_audit", "--tenant", company.slug, "--from", str(today - timedelta(days=1)))[0] == 1
        assert run("verify_audit", "--tenant", company.slug, "--from", str(today + timedelta(days=1)))[0] == 0

    @pytest.mark.parametrize("arguments", [("--tenant", "nobody"), ("--all", "--from", "x"), ("--all", "--from", "0")])
    def test_says_what_makes_no_sense(self, company, arguments):
        status, said = run("verify_audit", *arguments)

        assert status == 1
        assert "tenant_not_found" in said or "--from" in said

    def test_finds_by_a_checkpoint_that_a_chain_was_rewritten_by_somebody_with_the_key(
        self, records, superuser, company, checkpoints
    ):
        assert run("anchor_audit", "--tenant", company.slug)[0] == 0
        hash_ = rewrite_from(superuser, 3)
        with tenant(company.id):
            head = SecurityChain.objects.get()
            head.put(chain.HeadState(sequence=5, hash=hash_))
        superuser.execute("update audit_security_chain set seal = %s", [bytes(head.seal)])
        superuser.execute("delete from events_event where type = 'SecurityLogAnchored'")
        assert run("verify_audit", "--tenant", company.slug)[0] == 0

        status, said = run("verify_audit", "--tenant", company.slug, "--checkpoint", str(checkpoints))

        assert status == 1
        assert "checkpoint_contradicted: record 5" in said

    def test_finds_by_the_published_checkpoint_too(self, records, superuser, company):
        run("anchor_audit", "--all")
        hash_ = rewrite_from(superuser, 3)
        with tenant(company.id):
            head = SecurityChain.objects.get()
            head.put(chain.HeadState(sequence=5, hash=hash_))
        superuser.execute("update audit_security_chain set seal = %s", [bytes(head.seal)])

        status, said = run("verify_audit", "--tenant", company.slug)

        assert status == 1
        assert "held against 1 checkpoints" in said

    def test_finds_by_a_checkpoint_that_an_older_state_was_put_back(self, happened, superuser, company, checkpoints):
        happened()
        with tenant(company.id):
            old = SecurityChain.objects.get()
        happened()
        run("anchor_audit", "--all")
        superuser.execute("delete from events_event where type = 'SecurityLogAnchored'")
        superuser.execute("delete from audit_security_record where sequence = 2")
        superuser.execute(
            "update audit_security_chain set sequence = 1, hash = %s, seal = %s", [old.hash, bytes(old.seal)]
        )
        assert run("verify_audit", "--tenant", company.slug)[0] == 0

        status, said = run("verify_audit", "--tenant", company.slug, "--checkpoint", str(checkpoints))

        assert status == 1
        assert "now ends with 1: truncated" in said

    def test_takes_no_checkpoint_that_we_did_not_sign(self, records, company, tmp_path, settings):
        file = tmp_path / "forged"
        key, settings.SECRET_KEY = settings.SECRET_KEY, "another key " * 5
        file.write_text(signed_checkpoint(tenant_id=company.id, sequence=1, hash="0" * 64, now=timezone.now()))
        settings.SECRET_KEY = key

        status, said = run("verify_audit", "--tenant", company.slug, "--checkpoint", str(file))

        assert status == 1
        assert "holds no checkpoint of this platform" in said

    def test_prints_the_public_keys(self):
        status, said = run("verify_audit", "--keys")

        assert status == 0
        assert json.loads(said)["keys"][0]["kty"] == "OKP"


@pytest.mark.django_db
class TestVerifyAuditOfAFile:
    @pytest.fixture
    def export(self, owner, client_of, happened, tmp_path):
        for number in range(4):
            happened(reason=f"number {number}, “quoted”\n=1+1")

        def write(format):
            response = client_of(owner).get(f"/api/v1/security-events/export?format={format}")
            file = tmp_path / f"export.{format}"
            file.write_bytes(b"".join(response.streaming_content))
            return file

        return write

    def test_says_that_it_is_whole(self, export):
        status, said = run("verify_audit", "--file", str(export("jsonl")))

        assert status == 0
        assert "intact, 4 records, 1 to 4" in said
        assert "it was exported whole" in said

    def test_needs_nothing_but_the_public_key(self, export, tmp_path, settings):
        file, keys = export("jsonl"), tmp_path / "keys.json"
        keys.write_text(run("verify_audit", "--keys")[1])
        settings.SECRET_KEY = "of another installation " * 3

        assert run("verify_audit", "--file", str(file))[0] == 1
        assert run("verify_audit", "--file", str(file), "--key", str(keys))[0] == 0

    def test_reads_csv_also_as_a_spreadsheet_saved_it(self, export):
        file = export("csv")
        file.write_text(f"\ufeff{file.read_text()}")

        status, said = run("verify_audit", "--file", str(file))

        assert status == 0
        assert "intact, 4 records, 1 to 4" in said
        assert "no signed checkpoint closes it" in said

    @pytest.mark.parametrize("format", ["jsonl", "csv"])
    def test_finds_what_was_altered(self, export, format):
        file = export(format)
        file.write_text(file.read_text().replace("number 2", "number 9", 1))

        status, said = run("verify_audit", "--file", str(file))

        assert status == 1
        assert "altered: record 3" in said

    @pytest.mark.parametrize(
        ("change", "found"),
        [
            (lambda lines: lines[:1] + lines[2:], "missing"),
            (lambda lines: lines[:3] + lines[4:], "held 4 records when it was exported"),
            (lambda lines: [lines[1], lines[0], *lines[2:]], "reordered"),
            (lambda lines: [*lines[:2], lines[1], *lines[2:]], "claims a place that another record has"),
            (lambda lines: [*lines[:-1], lines[-1].replace("eyJ", "eyK", 1)], "no checkpoint of ours"),
            (lambda lines: [*lines, "nonsense"], "unreadable"),
        ],
    )
    def test_finds_what_was_removed_moved_or_added(self, export, change, found):
        file = export("jsonl")
        file.write_text("\n".join(change(file.read_text().splitlines())))

        status, said = run("verify_audit", "--file", str(file))

        assert status == 1
        assert found in said

    def test_finds_a_record_that_was_replaced_by_one_that_fits(self, export):
        file = export("jsonl")
        lines = file.read_text().splitlines()
        last = json.loads(lines[3])
        del last["hash"]
        last["reason"] = "forged"
        lines[3] = json.dumps({**last, "hash": chain.hash_of(last)})
        file.write_text("\n".join(lines))

        status, said = run("verify_audit", "--file", str(file))

        assert status == 1
        assert "checkpoint_contradicted" in said

    def test_says_that_there_is_no_such_file(self, tmp_path):
        status, said = run("verify_audit", "--file", str(tmp_path / "nothing"))

        assert status == 1
        assert "cannot read" in said


@pytest.mark.django_db
class TestAnchorAudit:
    def test_prints_a_signed_checkpoint_of_each_chain(self, records, company, published):
        status, said = run("anchor_audit", "--all")

        (token,) = checkpoints_in(said.splitlines())
        checkpoint = read_checkpoint(token)
        assert status == 0
        assert (checkpoint.tenant_id, checkpoint.sequence, checkpoint.hash) == (company.id, 5, records[-1].hash)
        (event,) = published
        assert isinstance(event, SecurityLogAnchored)
        assert event.checkpoint == token

    def test_is_done_by_schedule_where_something_was_recorded(self, records, happened, checkpoints):
        tasks.anchor_chains()
        tasks.anchor_chains()
        happened()
        tasks.anchor_chains()

        kept = [read_checkpoint(token).sequence for token in checkpoints_in(checkpoints.read_text().splitlines())]
        assert kept == [5, 6]

    def test_signs_no_head_that_is_not_ours(self, records, company):
        SecurityChain.objects.update(seal=b"forged")

        with pytest.raises(ChainBroken):
            commands.anchor_chain(now=timezone.now())
        assert run("anchor_audit", "--tenant", company.slug)[0] == 1
        tasks.anchor_chains()  # says so in the log, and goes on

    def test_goes_on_when_the_file_cannot_be_written(self, records, settings, tmp_path):
        (tmp_path / "file").write_text("")
        settings.AUDIT_CHECKPOINT_FILE = str(tmp_path / "file" / "below")

        assert run("anchor_audit", "--all")[0] == 0

    def test_does_not_know_every_name(self, db):
        assert run("anchor_audit", "--tenant", "nobody")[0] == 1
        assert run("anchor_audit", "--tenant", "platform") == (0, "")


@pytest.mark.django_db(transaction=True)
class TestVerifyChains:
    def test_counts_and_logs_what_is_wrong(self, records, superuser):
        before = verification._problems.labels("altered")._value.get()
        forge(superuser, 2, reason="x")
        superuser.execute("update audit_security_record set hash = 'x' where sequence = 4")

        tasks.verify_chains()

        assert verification._problems.labels("altered")._value.get() == before + 1


@pytest.mark.django_db(transaction=True)
class TestTrimAudit:
    """Months of the past, as an installation has them that has run for long."""

    @pytest.fixture
    def months_ago(self, superuser, company):
        """Records of the last months, in partitions of their own, as if time had passed."""
        now = timezone.now()
        number = now.year * 12 + now.month - 1
        for ago in (3, 2, 1):
            first, following = (
                datetime((number - back) // 12, (number - back) % 12 + 1, 1, tzinfo=UTC) for back in (ago, ago - 1)
            )
            table = f"audit_security_record_{first:%Y%m}"
            owner = superuser.execute(
                "select tableowner from pg_tables where tablename = 'audit_security_record'"
            ).fetchone()[0]
            superuser.execute(f"create table {table} (like audit_security_record including all)")
            superuser.execute(f'alter table {table} owner to "{owner}"')
            superuser.execute(
                f"alter table audit_security_record attach partition {table} "
                f"for values from ('{first.isoformat()}') to ('{following.isoformat()}')"
            )
            with tenant(company.id):
                for _ in range(2):
                    commands.append_record(facts_at(first + timedelta(days=3)), now=first + timedelta(days=3))
        yield
        for ago in (3, 2, 1):
            first = datetime((number - ago) // 12, (number - ago) % 12 + 1, 1, tzinfo=UTC)
            superuser.execute(f"drop table if exists audit_security_record_{first:%Y%m}")

    def test_drops_whole_months_and_the_chain_begins_behind_them(self, months_ago, company, drain):
        status, said = run("trim_audit", "--keep-months", "1")

        assert status == 0, said
        assert said.count("2 records of 1 chains") == 2
        drain()
        with tenant(company.id):
            assert [record.sequence for record in SecurityRecord.objects.order_by("sequence")] == [5, 6, 7, 8]
            assert SecurityRecord.objects.get(sequence=8).kind == "audit.trimmed"
            report = verification.verify()
            assert (report.problems, report.first) == ([], 5)

    def test_leaves_nothing_else_to_remove_unnoticed(self, months_ago, company, superuser):
        run("trim_audit", "--keep-months", "1")
        superuser.execute("delete from audit_security_record where sequence = 5")

        with tenant(company.id):
            assert [problem.fault for problem in verification.verify().problems] == ["missing"]

    def test_keeps_all_unless_it_is_told_otherwise(self, months_ago):
        assert run("trim_audit") == (0, "nothing is past its retention\n")
        assert run("trim_audit", "--keep-months", "12") == (0, "nothing is past its retention\n")

    def test_says_what_it_would_do(self, months_ago):
        status, said = run("trim_audit", "--keep-months", "2", "--dry-run")

        assert (status, said.count("would drop")) == (0, 1)

    def test_keeps_evidence(self, months_ago, superuser):
        superuser.execute("update audit_security_record set hash = 'x' where sequence = 1")

        status, said = run("trim_audit", "--keep-months", "1")

        assert status == 1
        assert "tampered" in said


def facts_at(moment):
    return Facts(
        event_id=uuid7(),
        at=moment,
        kind="sign_in.succeeded",
        outcome="success",
        actor_kind="user",
        actor_id=uuid7(),
        actor_name="Ada",
        impersonator_id=None,
        impersonator_name="",
        subject_id=uuid7(),
        address="",
        user_agent="",
        session_id="",
        reason="",
        details={},
        trace_id="",
    )
