"""What a person may ask for, where ports and files lie, and which process is told which password."""

import socket
import stat
from pathlib import Path

import pytest

from apps.core.embedded import credentials, environment, migrating, ports, private_json
from apps.core.embedded.environment import Environment
from apps.core.embedded.errors import AlreadyRunning, BadOption
from apps.core.embedded.options import options_from
from apps.core.embedded.ports import PortBook
from apps.core.embedded.state import State


class TestOptions:
    def test_fit_the_machine_when_nothing_is_asked_for(self, tmp_path):
        options = options_from(tmp_path, {})

        assert options.web_processes >= 2
        assert options.worker_processes >= 2
        assert options.replicas == 0
        assert options.demo
        assert options.state == tmp_path / "var"
        assert (options.port, options.port_given) == (8000, False)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("PORT", "eighty"),
            ("PORT", "0"),
            ("PORT", "65536"),
            ("WEB_PROCESSES", "0"),
            ("WEB_THREADS", "-1"),
            ("WORKER_PROCESSES", "1.5"),
            ("REPLICAS", "٣"),
            ("DEMO", "maybe"),
            ("EVENTS_TRANSPORT", "pigeon"),
            ("TOPOLOGY", "split"),
            ("DATABASES", "separate"),
            ("DATABASE_URL", "postgresql://app@db/default"),
            ("BUSINESS_DATABASE_RELAY_URL", "postgresql://relay@db/business"),
        ],
    )
    def test_name_the_variable_that_cannot_be_used(self, tmp_path, name, value):
        with pytest.raises(BadOption, match=name.removesuffix("_RELAY_URL")):
            options_from(tmp_path, {name: value})

    def test_start_no_server_for_a_database_whose_url_is_given(self, tmp_path):
        given = {"DATABASE_URL": "postgresql://app@db/x", "DATABASE_RELAY_URL": "postgresql://relay@db/x"}

        assert options_from(tmp_path, given).own_databases == ["business"]

    def test_take_the_state_folder_relative_to_the_checkout(self, tmp_path):
        assert options_from(tmp_path, {"STATE_DIR": "elsewhere"}).state == tmp_path / "elsewhere"
        assert options_from(tmp_path, {"STATE_DIR": "/srv/platform"}).state == Path("/srv/platform")


class TestPorts:
    def test_stay_the_same_from_start_to_start(self, tmp_path):
        first = PortBook(tmp_path / "ports.json", "0a").port_of("postgres")

        assert PortBook(tmp_path / "ports.json", "0a").port_of("postgres") == first

    def test_move_on_when_somebody_else_listens(self, tmp_path):
        port = PortBook(tmp_path / "ports.json", "0a").port_of("postgres")
        with socket.create_server(("127.0.0.1", port)):
            assert PortBook(tmp_path / "ports.json", "0a").port_of("postgres") != port

    def test_of_two_servers_and_of_two_checkouts_differ_and_are_no_clients(self, tmp_path):
        books = [PortBook(tmp_path / f"{mark}.json", mark) for mark in ("0a", "0b")]
        chosen = [book.port_of(name) for book in books for name in ("postgres", "redis", "cache-redis")]

        assert len(set(chosen)) == len(chosen)
        assert max(chosen) < 32768

    def test_that_were_left_a_moment_ago_count_as_free(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            assert not ports.is_free(port)

        assert ports.is_free(port)


class TestState:
    def test_belongs_to_one_supervisor_at_a_time(self, tmp_path):
        first, second = State(tmp_path / "var"), State(tmp_path / "var")
        first.create()
        first.acquire()

        assert second.holder() is not None
        with pytest.raises(AlreadyRunning, match="make stop"):
            second.acquire()

        first.release()
        assert second.holder() is None
        second.acquire()
        second.release()

    def test_is_removed_without_what_somebody_else_put_there(self, tmp_path):
        state = State(tmp_path / "var")
        state.create()
        private_json.write(state.secrets, {})
        (state.root / "notes.txt").write_text("mine")

        state.remove()

        assert [entry.name for entry in state.root.iterdir()] == ["notes.txt"]

    def test_is_closed_to_others(self, tmp_path):
        state = State(tmp_path / "var")
        state.create()

        assert stat.S_IMODE(state.log.stat().st_mode) == stat.S_IMODE(state.run.stat().st_mode) == 0o700
        assert not stat.S_IMODE(state.root.stat().st_mode) & 0o066


class TestCredentials:
    def test_are_drawn_once_and_readable_by_their_owner_only(self, tmp_path):
        file = tmp_path / "secrets.json"

        known = credentials.credentials(file)

        assert credentials.credentials(file) == known
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert len(set(known.values())) == len(known)

    def test_of_another_installation_are_different(self, tmp_path):
        one, other = (credentials.credentials(tmp_path / name) for name in ("one.json", "other.json"))

        assert not set(one.values()) & set(other.values())


class TestEnvironment:
    @pytest.fixture
    def told(self) -> Environment:
        told = Environment()
        told.add_given({"PATH": "/bin", "MAKEFLAGS": "k", "DATABASE_OWNER_URL": "owner", "DATABASE_RELAY_URL": "relay"})
        told.shared["DATABASE_URL"] = "app"
        return told

    def test_of_web_knows_neither_owner_nor_relay(self, told):
        assert told.for_web() == {"PATH": "/bin", "DATABASE_URL": "app"}

    def test_of_worker_and_relay_does_not_know_the_owner(self, told):
        assert set(told.for_relay()) == {"PATH", "DATABASE_URL", "DATABASE_RELAY_URL"}

    def test_of_migrations_knows_the_owner(self, told):
        assert told.for_owner()["DATABASE_OWNER_URL"] == "owner"

    def test_is_found_by_a_command_in_another_terminal(self, told, tmp_path):
        told.save(tmp_path / "environment.json")
        by_hand: dict[str, str] = {"PATH": "/my/bin"}

        environment.complete(by_hand, tmp_path / "environment.json", "import_invoices")

        assert by_hand == {"PATH": "/my/bin", "DATABASE_URL": "app", "DATABASE_RELAY_URL": "relay"}

    def test_gives_the_owner_to_commands_that_migrate_only(self, told, tmp_path):
        told.save(tmp_path / "environment.json")
        by_hand: dict[str, str] = {}

        environment.complete(by_hand, tmp_path / "environment.json", "migrate")

        assert by_hand["DATABASE_OWNER_URL"] == "owner"

    def test_leaves_a_person_alone_who_names_a_database(self, told, tmp_path):
        told.save(tmp_path / "environment.json")
        by_hand = {"DATABASE_URL": "mine"}

        environment.complete(by_hand, tmp_path / "environment.json", "migrate")

        assert by_hand == {"DATABASE_URL": "mine"}


class TestMigrating:
    def test_is_due_again_after_any_change_of_a_migration_a_package_or_the_place(self, tmp_path):
        migration = tmp_path / "apps/business/orders/migrations/0001_initial.py"
        migration.parent.mkdir(parents=True)
        (tmp_path / "requirements").mkdir()
        marks = [migrating.fingerprint(tmp_path, ["127.0.0.1:1/default"])]
        migration.write_text("one")
        marks.append(migrating.fingerprint(tmp_path, ["127.0.0.1:1/default"]))
        migration.write_text("two")
        marks.append(migrating.fingerprint(tmp_path, ["127.0.0.1:1/default"]))
        (tmp_path / "requirements/base.txt").write_text("django==5.2.20")
        marks.append(migrating.fingerprint(tmp_path, ["127.0.0.1:1/default"]))
        marks.append(migrating.fingerprint(tmp_path, ["db:1/default"]))

        assert len(set(marks)) == len(marks)
        assert migrating.fingerprint(tmp_path, ["db:1/default"]) == marks[-1]
