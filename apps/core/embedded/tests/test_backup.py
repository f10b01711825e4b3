"""Backups of an installation, with a real server: made while it is written to, restored into an empty folder."""

import gzip
import io
import json
import os
import tarfile
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from apps.core.embedded import backup, cli
from apps.core.embedded.account import server_account
from apps.core.embedded.errors import BackupBroken, EmbeddedError, NotEmpty
from apps.core.embedded.postgres import PostgresServer
from apps.core.embedded.server import temporary_folder
from apps.core.embedded.state import State

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def state():
    with temporary_folder() as folder:
        found = State(folder / "var")
        found.create()
        found.secrets.write_text('{"DJANGO_SECRET_KEY": "of the installation"}')
        (found.root / "exports").mkdir()
        (found.root / "exports" / "one.zip").write_bytes(b"a file")
        (found.root / "destroyed-keys").mkdir()
        (found.root / "destroyed-keys" / "somebody").touch()
        yield found


@pytest.fixture(scope="module")
def primary(state):
    data, _ = state.data_folder(server_account())
    with PostgresServer(data / "postgres", durable=False) as server:
        with server.connect() as connection:
            connection.execute("create table kept (number integer)")
            connection.execute("insert into kept select generate_series(1, 1000)")
        yield server


@pytest.fixture(scope="module")
def made(state, primary, tmp_path_factory):
    """A backup of a thousand rows, while somebody has one more that is not committed."""
    with primary.connect() as open_one:
        open_one.execute("begin")
        open_one.execute("insert into kept values (0)")
        return backup.make(state, primary, tmp_path_factory.mktemp("backups"), with_secrets=True, now=NOW)


def rows(server):
    with server.connect() as connection:
        return connection.execute("select count(*) from kept").fetchone()[0]


def elsewhere(folder, name="elsewhere"):
    return State(folder / name)


def restored_server(state):
    return PostgresServer(state.data.resolve() / "postgres", durable=False)


class TestABackup:
    def test_is_the_installation_as_it_was_whatever_is_going_on_and_comes_later(self, made, primary, folder):
        with primary.connect() as connection:
            connection.execute("insert into kept values (1001)")
        state = elsewhere(folder)
        (state.root / "destroyed-keys").mkdir(parents=True)
        (state.root / "destroyed-keys" / "another").touch()

        told = backup.restore(made, state, server_account())

        assert (made.name, made.stat().st_mode & 0o777) == ("platform-20261130-120000.tar.gz", 0o600)
        assert told["made_at"].startswith("2026-11-30T12:00")
        assert json.loads(state.secrets.read_text()) == {"DJANGO_SECRET_KEY": "of the installation"}
        assert state.secrets.stat().st_mode & 0o777 == 0o600
        assert (state.root / "exports" / "one.zip").read_bytes() == b"a file"
        # Whose keys are destroyed is left out, and stays where the backup comes to.
        assert [path.name for path in (state.root / "destroyed-keys").iterdir()] == ["another"]
        with restored_server(state) as server:
            assert rows(server) == 1000

    def test_takes_files_as_they_were_when_the_databases_were_copied_and_can_be_without_secrets(
        self, state, primary, tmp_path, folder, monkeypatch
    ):
        kept = state.root / "files" / "business"
        kept.mkdir(parents=True)
        (kept / "deleted meanwhile").write_bytes(b"whole")
        (kept / "half written").write_bytes(b"half")
        os.utime(kept / "half written", (time.time() + 60, time.time() + 60))
        write = backup._write
        monkeypatch.setattr(
            backup, "_write", lambda *given, **more: ((kept / "deleted meanwhile").unlink(), write(*given, **more))
        )

        made = backup.make(state, primary, tmp_path, with_secrets=False, now=NOW)
        told = backup.restore(made, elsewhere(folder), server_account())

        there = elsewhere(folder).root / "files" / "business"
        assert [(path.name, path.read_bytes()) for path in there.iterdir()] == [("deleted meanwhile", b"whole")]
        assert not (state.root / "backup.new").exists()
        assert not told["with_secrets"]
        assert not elsewhere(folder).secrets.exists()

    def test_leaves_nothing_behind_where_it_cannot_be_written(self, state, primary, tmp_path):
        (tmp_path / "file").touch()

        with pytest.raises(EmbeddedError, match="cannot be written"):
            backup.make(state, primary, tmp_path / "file", with_secrets=True, now=NOW)

        assert not (primary.data_dir.parent / "backup.new").exists()


class TestRestore:
    def test_needs_an_empty_folder(self, made, state):
        with pytest.raises(NotEmpty, match="has data"):
            backup.restore(made, state, server_account())

    def test_refuses_while_the_platform_runs_there(self, made, folder):
        state = elsewhere(folder)
        state.create()
        state.acquire()

        with pytest.raises(NotEmpty, match="runs on"):
            backup.restore(made, State(state.root), server_account())

    @pytest.mark.parametrize(
        ("spoil", "named"),
        [
            ("a page of a table", r"/base/\d+/\d+|\d+/\d+"),
            ("a file of ours", "exports/one.zip"),
            ("the secrets", "secrets.json"),
            ("cut off", ""),
            ("no backup", ""),
        ],
    )
    def test_puts_nothing_in_place_of_a_backup_that_is_not_what_it_was(self, made, folder, tmp_path, spoil, named):
        """One bit of a file is another: the file is named."""
        spoilt = _spoilt(made, tmp_path / "spoilt.tar.gz", spoil)
        state = elsewhere(folder)

        with pytest.raises(EmbeddedError, match=named):
            backup.restore(spoilt, state, server_account())

        assert not state.secrets.exists()
        assert list(state.data.resolve().iterdir()) == []

    @pytest.mark.parametrize(("name", "kind"), [("../outside", tarfile.REGTYPE), ("way-out", tarfile.SYMTYPE)])
    def test_puts_nothing_outside_the_folder(self, folder, tmp_path, name, kind):
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, str(tmp_path)
        with tarfile.open(tmp_path / "made-up.tar.gz", "w:gz") as tar:
            tar.addfile(member, io.BytesIO())
        state = elsewhere(folder)

        with pytest.raises(BackupBroken, match="no file of an installation"):
            backup.restore(tmp_path / "made-up.tar.gz", state, server_account())

        assert not list(folder.rglob("outside"))
        assert list(state.data.resolve().iterdir()) == []

    def test_of_another_format_says_so(self, folder, tmp_path):
        (tmp_path / "manifest.json").write_text('{"format": 2}')
        with tarfile.open(tmp_path / "later.tar.gz", "w:gz") as tar:
            tar.add(tmp_path / "manifest.json", "manifest.json")

        with pytest.raises(BackupBroken, match="format 2"):
            backup.restore(tmp_path / "later.tar.gz", elsewhere(folder), server_account())


class TestCommands:
    def test_say_in_one_sentence_what_is_wrong(self, folder, tmp_path, capsys):
        environ = {"STATE_DIR": str(folder / "nothing")}

        not_running = cli.run("backup", tmp_path, environ)
        no_file = cli.run("restore", tmp_path, environ, [str(tmp_path / "missing.tar.gz")])

        assert (not_running, no_file) == (1, 1)
        told = capsys.readouterr()
        assert "a backup is made while the platform runs" in told.out + told.err
        assert "is no backup that can be restored" in told.out + told.err


def _spoilt(made: Path, target: Path, how: str) -> Path:
    if how == "no backup":
        target.write_bytes(gzip.compress(b"something else"))
    elif how == "cut off":
        target.write_bytes(made.read_bytes()[:-20_000])
    else:
        with tarfile.open(made, "r:gz") as old, tarfile.open(target, "w:gz", compresslevel=0) as new:
            chosen = _chosen(old, how)
            for member in old.getmembers():
                content = old.extractfile(member) if member.isfile() else None
                if content is not None and member.name == chosen:
                    changed = bytearray(content.read())
                    changed[len(changed) // 2] ^= 1
                    content = io.BytesIO(bytes(changed))
                new.addfile(member, content)
    return target


def _chosen(tar: tarfile.TarFile, how: str) -> str:
    names = {"a file of ours": "exports/one.zip", "the secrets": "secrets.json"}
    tables = (member.name for member in tar.getmembers() if "/base/" in member.name and member.size > 8192)
    return names.get(how) or next(tables)
