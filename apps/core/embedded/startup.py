"""From nothing to a running platform, step by step; the second time most steps find their work done."""

import sys
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

from apps.core.embedded import credentials, migrating, ports, private_json, programs, servers, upgrading
from apps.core.embedded.environment import Environment
from apps.core.embedded.errors import BadOption
from apps.core.embedded.options import DATABASES, Options
from apps.core.embedded.postgres import PostgresServer
from apps.core.embedded.process import Program
from apps.core.embedded.screen import Screen
from apps.core.embedded.servers import Servers
from apps.core.embedded.state import State
from apps.core.embedded.supervisor import Supervisor

_HOST = "127.0.0.1"
_STEP_TIMEOUT_S = 600.0
_READY_TIMEOUT_S = 90.0
_PORT_CHOICES = 100
STEPS = 8

Application = Callable[[Options, State, Environment], list[Program]]


class Startup:
    """Starts everything under a supervisor. `environment` and `base_url` are complete once `run` has returned."""

    def __init__(
        self, options: Options, state: State, supervisor: Supervisor, screen: Screen, application: Application
    ) -> None:
        self._options, self._state, self._supervisor, self._screen = options, state, supervisor, screen
        self._describe_application = application
        self._port = options.port
        self._kafka_addresses = state.run / "mock-kafka.addresses"
        self.environment = Environment()
        self.base_url = ""

    def choose_port(self) -> None:
        """Settle the web port before anything is started. Raises BadOption when the given one is taken."""
        wanted, last = self._options.port, min(self._options.port + _PORT_CHOICES, 65535)
        if self._options.port_given and not ports.is_free(wanted):
            raise BadOption(f"PORT={wanted} is taken by another program: give another one, or none to have it chosen.")
        self._port = ports.first_free(range(wanted, last + 1))
        if self._port != wanted:
            self._screen.note(f"Port {wanted} is taken by another program: this one answers on {self._port}.")
        self.base_url = self._options.given.get("BASE_URL") or f"http://{_HOST}:{self._port}"

    def run(self) -> None:
        """All steps. Raises EmbeddedError with a text for the person, StopRequested when asked to stop."""
        screen = self._screen
        with screen.step("Secrets"):
            secrets = credentials.credentials(self._state.secrets)
            self._fill_environment(secrets)
        own = Servers(self._options, self._state)
        if own.is_elsewhere:
            screen.note(f"The servers' user cannot enter {self._state.root}: their data lies in {own.folder}.")
        with screen.step("PostgreSQL"):
            primary = self._start_postgres(own)
        with screen.step("Databases and roles"):
            self._provision(primary, secrets)
        with screen.step("Replicas"):
            self._start_replicas(own, primary, secrets)
        with screen.step("Redis and events"):
            self._start_redis(own, secrets)
            self._start_transport()
        with screen.step("Tables"):
            self._migrate()
        with screen.step("First data"):
            self._first_data()
        self.environment.save(self._state.environment)
        with screen.step("Web, workers, relay, beat"):
            self._start_application()

    def follow_mock_kafka(self) -> None:
        """After a crash the mock cluster listens elsewhere: start what uses it again. Cheap to call often."""
        known = self.environment.shared.get("KAFKA_BOOTSTRAP_SERVERS")
        if not self._mocks_kafka or known is None or self._kafka_addresses.read_text() == known:
            return
        self._tell_mock_kafka()
        self.environment.save(self._state.environment)
        self._screen.say("the mock Kafka cluster lost its messages and has new addresses; its users are started again")
        for program in self._application():
            self._supervisor.replace(program)

    def facts(self) -> dict[str, str]:
        """What the person should know, by heading."""
        transport = self._options.transport
        if self._mocks_kafka:
            transport = "kafka, mock cluster: MEMORY ONLY, its messages are gone when it stops"
        return {
            "URL": self.base_url,
            "API": f"{self.base_url}/api/docs",
            "Logs": f"{self._state.log} (make logs)",
            "Data": str(self._state.data.resolve()),
            "Size": self._options.sizes,
            "Events": transport,
            "Scripts": str(self._state.platform),
        }

    def tenants(self) -> list[dict[str, Any]]:
        """Tenants with their accounts, as the demo data has them, under the address of this start."""
        tenants = (private_json.read(self._state.demo) or {}).get("tenants", [])
        return [self._addressed(tenant) for tenant in tenants]

    def _addressed(self, tenant: dict[str, Any]) -> dict[str, Any]:
        client = tenant.get("api_client")
        if not client:
            return tenant
        path = urlsplit(client["token_url"]).path  # noted at the first start, which may have had another port
        return {**tenant, "api_client": {**client, "token_url": f"{self.base_url}{path}"}}

    @property
    def _mocks_kafka(self) -> bool:
        return self._options.transport == "kafka" and not self._options.brings("KAFKA_BOOTSTRAP_SERVERS")

    def _fill_environment(self, secrets: Mapping[str, str]) -> None:
        given, options = self._options.given, self._options
        self.environment.add_given(given)
        for name in ("DJANGO_SECRET_KEY", "BFF_CLIENT_SECRET", "KEY_ENCRYPTION_KEYS"):
            self.environment.shared[name] = given.get(name) or secrets[name]
        self.environment.shared.update(
            DJANGO_SETTINGS_MODULE=given.get("DJANGO_SETTINGS_MODULE") or "config.settings",
            ENVIRONMENT=given.get("ENVIRONMENT") or "development",
            LOG_FORMAT=given.get("LOG_FORMAT") or "json",
            BASE_URL=self.base_url,
            BIND=f"{_HOST}:{self._port}",
            STATE_DIR=str(self._state.root),
            WEB_PROCESSES=str(options.web_processes),
            WEB_THREADS=str(options.web_threads),
            WORKER_PROCESSES=str(options.worker_processes),
            EVENTS_TRANSPORT=options.transport,
        )
        self._let_metrics_meet()

    def _let_metrics_meet(self) -> None:
        """What workers measure is read off web's `/metrics` too."""
        folder = self._state.run / "metrics"
        folder.mkdir(mode=0o700, exist_ok=True)
        self.environment.inherited.setdefault("PROMETHEUS_MULTIPROC_DIR", str(folder))

    def _start_postgres(self, own: Servers) -> PostgresServer | None:
        if not self._options.own_databases:
            return None
        primary = own.postgres()
        if servers.start(self._supervisor, primary):
            self._state.forget_database()
        if (newer := upgrading.newer_than(primary)) is not None:
            self._screen.note(
                f"The data is of PostgreSQL {primary.major}, and {newer} is here too: "
                "`make stop`, then `make upgrade-postgres` carries it there."
            )
        return primary

    def _provision(self, primary: PostgresServer | None, secrets: Mapping[str, str]) -> None:
        if primary is None:
            return
        # Loads the driver, which takes as long as starting a server: not before the server is on its way.
        from apps.core.db.provision import RolePasswords, provision

        roles = ("owner", "app", "relay")
        passwords = {
            database: {role: credentials.database_password(secrets, database, role) for role in roles}
            for database in self._options.own_databases
        }
        provision(primary.dsn, {database: RolePasswords(**words) for database, words in passwords.items()})
        for database, words in passwords.items():
            self._add_database_urls(primary, database, words)

    def _add_database_urls(self, primary: PostgresServer, database: str, passwords: Mapping[str, str]) -> None:
        prefix = DATABASES[database]
        urls = {role: primary.url(database, f"{database}_{role}", word) for role, word in passwords.items()}
        self.environment.shared[f"{prefix}_URL"] = self.environment.shared[f"{prefix}_DIRECT_URL"] = urls["app"]
        self.environment.owner[f"{prefix}_OWNER_URL"] = urls["owner"]
        self.environment.relay[f"{prefix}_RELAY_URL"] = urls["relay"]

    def _start_replicas(self, own: Servers, primary: PostgresServer | None, secrets: Mapping[str, str]) -> None:
        if primary is None:
            return
        replicas = own.replicas(primary)
        for replica in replicas:
            if not servers.start_replica(self._supervisor, replica):
                self._screen.note(f"{replica.name} does not start; reads go to the primary. Log: {replica.log}")
        for database in self._options.own_databases if replicas else []:
            word = credentials.database_password(secrets, database, "app")
            urls = (replica.url(database, f"{database}_app", word) for replica in replicas)
            self.environment.shared[f"{DATABASES[database]}_REPLICA_URLS"] = ",".join(urls)

    def _start_redis(self, own: Servers, secrets: Mapping[str, str]) -> None:
        for variable, cache in (("REDIS_URL", False), ("CACHE_REDIS_URL", True)):
            if not self._options.brings(variable):
                server = own.redis(secrets, cache=cache)
                servers.start(self._supervisor, server)
                self.environment.shared[variable] = server.dsn

    def _start_transport(self) -> None:
        if not self._mocks_kafka:
            return
        self._kafka_addresses.unlink(missing_ok=True)
        program = programs.mock_kafka(self._options, self._state.log, self._kafka_addresses)
        self._supervisor.start(program)
        self._supervisor.wait_for(self._kafka_addresses.exists, servers.READY_TIMEOUT_S, program.name)
        self._tell_mock_kafka()

    def _tell_mock_kafka(self) -> None:
        """A mock cluster begins empty: the whole log is published to it, and consumers know what they had."""
        self.environment.shared["KAFKA_BOOTSTRAP_SERVERS"] = self._kafka_addresses.read_text()
        self.environment.shared["KAFKA_MANAGE_TOPICS"] = "false"  # it has no way to make topics but by being asked for
        self.environment.shared["KAFKA_PUBLICATION"] = f"relay.kafka.mock.{token_hex(4)}"

    def _migrate(self) -> None:
        places = self._owned_places()
        mark = migrating.fingerprint(self._options.project, places)
        if len(places) < len(DATABASES):
            self._screen.note("Not every database's _OWNER_URL is given: its tables are expected to be there.")
        if not places or migrating.is_done(self._state.migrated, mark):
            return
        self._run("migrate")
        migrating.remember(self._state.migrated, mark)

    def _owned_places(self) -> list[str]:
        """Which databases we may migrate. Our own server keeps its data when it comes back on another port."""
        own, urls = self._options.own_databases, self.environment.owner
        given = {name: urls.get(f"{prefix}_OWNER_URL", "") for name, prefix in DATABASES.items() if name not in own}
        return [*own, *(url.rpartition("@")[2] for url in given.values() if url)]

    def _first_data(self) -> None:
        """Once per installation, also where the first attempt was cut off: what DEMO said at the first start counts."""
        begun = private_json.read(self._state.first_data) or {"demo": self._options.demo, "done": False}
        if begun["done"]:
            return
        private_json.write(self._state.first_data, begun)
        if begun["demo"]:
            self._run("seed_demo")
        else:
            self._ask_for_owner()
        private_json.write(self._state.first_data, {**begun, "done": True})

    def _ask_for_owner(self) -> None:
        program = programs.command("create_owner", self._options, self._state.log, self.environment)
        if sys.stdin.isatty():
            with self._screen.lent():
                succeeded = self._supervisor.run_interactively(program)
            if succeeded:
                return
        self._screen.note(f"Nobody can sign in yet. Create the first owner: {sys.executable} manage.py create_owner")

    def _run(self, name: str) -> None:
        program = programs.command(name, self._options, self._state.log, self.environment)
        self._supervisor.run_once(program, _STEP_TIMEOUT_S)

    def _application(self) -> list[Program]:
        return self._describe_application(self._options, self._state, self.environment)

    def _start_application(self) -> None:
        for program in self._application():
            self._supervisor.start(program)
        self._supervisor.wait_for(self._answers, _READY_TIMEOUT_S, "web")

    def _answers(self) -> bool:
        connection = HTTPConnection(_HOST, self._port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()
