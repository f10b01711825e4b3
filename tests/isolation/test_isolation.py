"""Nothing of one tenant is seen or changed by another; and if it were, this would find it."""

from __future__ import annotations

import os
import random

from tests.isolation import plants
from tests.isolation.http import HttpFuzzer, Operation, World, operations
from tests.isolation.leaks import Ground, Leak
from tests.isolation.raw_sql import RawSql, probe_references

SEED = int(os.environ.get("FUZZ_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
SQL_STEPS = int(os.environ.get("FUZZ_SQL_STEPS", "1500"))
HTTP_ROUNDS = int(os.environ.get("FUZZ_HTTP_ROUNDS", "1"))  # how often everything is called
PLANT_STEPS = 1500


def ground_of(world: World, table: str) -> Ground:
    return next(ground for ground in world.grounds if table in ground.tables)


def sql_leaks(world: World, steps: int = SQL_STEPS, *, tables: list[str] | None = None) -> list[Leak]:
    """Leaks of a run over all tables, or over some."""
    chosen = [
        Ground(ground.alias, ground.dsn, [t for t in ground.tables if tables is None or t in tables])
        for ground in world.grounds
    ]
    return RawSql([ground for ground in chosen if ground.tables], world.tenants, SEED).run(steps)


def references(world: World) -> list[Leak]:
    return [leak for ground in world.grounds for leak in probe_references(ground, world.tenants, SEED)]


class TestThePlatform:
    def test_shows_and_gives_nothing_of_another_tenant_by_raw_sql(self, world):
        assert sql_leaks(world) == []

    def test_lets_nothing_refer_to_a_row_of_another_tenant(self, world):
        assert references(world) == []

    def test_shows_and_changes_nothing_of_another_tenant_by_http(self, world):
        fuzzer = HttpFuzzer(world, SEED)

        assert fuzzer.run(HTTP_ROUNDS * len(operations()[0])) == []
        assert {200, 201, 404} <= fuzzer.answers.keys(), "a fuzzer that only meets refusals proves nothing"


class TestTheFuzzerFindsWhatIsPlanted:
    """Each plant is a mistake that was made somewhere before."""

    TABLE = '"catalog_product"'

    def test_a_dropped_policy(self, world):
        with plants.dropped_policy(ground_of(world, self.TABLE), self.TABLE):
            assert {leak.kind for leak in sql_leaks(world, PLANT_STEPS, tables=[self.TABLE])} >= {"foreign rows"}

    def test_a_dropped_policy_by_http_alone(self, world):
        """`in_tenant()` would hide it from the API; a table read without it would not. So the plant takes both away."""
        with plants.dropped_policy(ground_of(world, self.TABLE), self.TABLE), plants.unfiltered_queries():
            wanted = frozenset({"foreign data", "foreign reference"})
            leaks = HttpFuzzer(world, SEED).run(PLANT_STEPS, about="products", until_found=wanted)

            assert {leak.kind for leak in leaks} & wanted

    def test_a_call_that_changes_a_row_of_another_tenant(self, world):
        fuzzer, other = HttpFuzzer(world, SEED), world.tenants[1]
        before = world.digest(other)
        harmless = fuzzer.compared(before, other, Operation("get", "/harmless", None))

        change = f"update {self.TABLE} set name = name || '.' where tenant_id = %s"
        ground_of(world, self.TABLE).connection.execute(change, [other])
        fuzzer.compared(harmless, other, Operation("post", "/harmful", None))

        [leak] = fuzzer.leaks
        assert leak.kind == "foreign write"
        assert leak.what.startswith("POST /harmful") and self.TABLE in leak.what

    def test_a_session_level_set(self, world):
        with plants.session_level_set():
            assert sql_leaks(world, PLANT_STEPS, tables=[self.TABLE]) != []

    def test_a_query_without_context_that_a_forgiving_policy_lets_through(self, world):
        with plants.forgiving_policy(ground_of(world, self.TABLE), self.TABLE):
            assert sql_leaks(world, PLANT_STEPS, tables=[self.TABLE]) != []

    def test_a_cursor_kept_open_across_tenants(self, world):
        with plants.policy_read_per_row(ground_of(world, self.TABLE), self.TABLE):
            leaks = sql_leaks(world, PLANT_STEPS, tables=[self.TABLE])

        assert any(leak.what.startswith("open cursor") for leak in leaks)

    def test_a_foreign_key_without_the_tenant(self, world):
        table = '"inventory_stocklevel"'
        with plants.foreign_key_without_tenant(ground_of(world, table), table, "product_id", self.TABLE):
            assert [leak.what for leak in references(world)] == [f"{table}.product_id -> {self.TABLE}"]

        assert references(world) == []
