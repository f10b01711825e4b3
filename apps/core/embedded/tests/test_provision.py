"""The roles of the databases: who may connect where, and who can pass row-level security by."""

from collections.abc import Iterator

import psycopg
import pytest

from apps.core.db.provision import RolePasswords, provision
from apps.core.embedded.postgres import PostgresServer

PASSWORDS = RolePasswords(owner="owner's", app="app's", relay="relay's")
BOTH = {"default": PASSWORDS, "business": PASSWORDS}


@pytest.fixture(scope="module")
def server(shared_postgres: PostgresServer) -> Iterator[PostgresServer]:
    provision(shared_postgres.dsn, BOTH)
    yield shared_postgres


def connect(server: PostgresServer, database: str, role: str, password: str) -> psycopg.Connection:
    return psycopg.connect(server.url(database, role, password), autocommit=True, connect_timeout=5)


@pytest.mark.parametrize("database", BOTH)
class TestProvisionedRoles:
    @pytest.mark.parametrize("role", ["owner", "app", "relay"])
    def test_connect_to_their_own_database_only(self, server, database, role):
        other = "business" if database == "default" else "default"
        password = getattr(PASSWORDS, role)

        with connect(server, database, f"{database}_{role}", password) as connection:
            assert connection.execute("select current_database()").fetchone() == (database,)
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            connect(server, other, f"{database}_{role}", password)

    @pytest.mark.parametrize("role", ["owner", "app", "relay"])
    def test_have_no_power_over_the_server(self, server, database, role):
        rights = "rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication"
        with server.connect() as connection:
            row = connection.execute(f"select {rights} from pg_roles where rolname = %s", [f"{database}_{role}"])

            assert row.fetchone() == (False,) * 5

    @pytest.mark.parametrize("role", ["app", "relay"])
    def test_own_nothing_and_create_nothing_unless_they_are_the_owner(self, server, database, role):
        with connect(server, database, f"{database}_{role}", getattr(PASSWORDS, role)) as connection:
            owned = "select count(*) from pg_shdepend where refobjid = current_user::regrole and deptype = 'o'"
            assert connection.execute(owned).fetchone() == (0,)
            for statement in ("create table mine (id int)", "create temp table mine (id int)", "create schema mine"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)

    def test_the_application_sees_only_what_a_policy_shows(self, server, database):
        with connect(server, database, f"{database}_owner", PASSWORDS.owner) as owner:
            owner.execute("create table guarded as select 1 as id")
            owner.execute("alter table guarded enable row level security, force row level security")
            owner.execute(f"grant select on guarded to {database}_app")
        try:
            with connect(server, database, f"{database}_app", PASSWORDS.app) as app:
                app.execute("set row_security = off")
                with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
                    app.execute("select * from guarded")
                app.execute("set row_security = on")
                assert app.execute("select * from guarded").fetchall() == []
        finally:
            with connect(server, database, f"{database}_owner", PASSWORDS.owner) as owner:
                owner.execute("drop table guarded")


class TestProvision:
    def test_is_safe_to_repeat_and_resets_passwords(self, server):
        with connect(server, "default", "default_owner", PASSWORDS.owner) as owner:
            owner.execute("create table kept as select 7 as number")
        changed = RolePasswords(owner="new", app="new", relay="new")

        provision(server.dsn, {"default": changed})

        with connect(server, "default", "default_owner", "new") as owner:
            assert owner.execute("select number from kept").fetchone() == (7,)
            owner.execute("drop table kept")
        with pytest.raises(psycopg.OperationalError, match="password"):
            connect(server, "default", "default_app", PASSWORDS.app)
        provision(server.dsn, {"default": PASSWORDS})

    def test_weakens_a_role_that_was_made_mightier(self, server):
        with server.connect() as connection:
            connection.execute("alter role default_app bypassrls superuser createdb")

        provision(server.dsn, BOTH)

        with server.connect() as connection:
            query = "select rolbypassrls or rolsuper or rolcreatedb from pg_roles where rolname = 'default_app'"
            assert connection.execute(query).fetchone() == (False,)

    def test_never_sends_a_password_in_a_statement(self, server):
        secret = "a-secret-nobody-may-log"
        with server.connect() as connection:
            connection.execute("alter system set log_statement = 'all'")
            connection.execute("select pg_reload_conf()")
        try:
            provision(server.dsn, {"default": RolePasswords(owner=secret, app=secret, relay=secret)})
        finally:
            with server.connect() as connection:
                connection.execute("alter system reset log_statement")
                connection.execute("select pg_reload_conf()")

        log = server.log.read_text()
        provision(server.dsn, BOTH)
        assert "alter role" in log.lower()
        assert secret not in log

    def test_lets_owners_create_databases_for_a_test_runner(self, server):
        provision(server.dsn, {"default": PASSWORDS}, createdb=True)

        with connect(server, "default", "default_owner", PASSWORDS.owner) as owner:
            owner.execute("create database scratch")
            owner.execute("drop database scratch")
        provision(server.dsn, {"default": PASSWORDS})
