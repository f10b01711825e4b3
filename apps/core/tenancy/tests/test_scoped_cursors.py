from __future__ import annotations

import contextlib
import random
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.core.history import Actor, acting
from apps.core.tenancy import no_tenant, person, tenant


def seen(table: str) -> set[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(f"select tenant_id from {table}")
        return {row[0] for row in cursor.fetchall()}


class TestWithoutATenant:
    def test_no_rows_are_seen(self, two_tenants, probe):
        assert seen(probe) == set()

    def test_no_row_can_be_written(self, two_tenants, probe):
        with pytest.raises(DatabaseError, match="row-level security"), connection.cursor() as cursor:
            cursor.execute(f"insert into {probe} (tenant_id, note) values (%s, 'stray')", [uuid4()])

    def test_nothing_is_left_over_from_an_earlier_block(self, two_tenants, probe):
        with tenant(two_tenants[0]):
            seen(probe)

        assert seen(probe) == set()

    def test_an_inner_block_for_nobody_sees_nothing_inside_a_transaction(self, two_tenants, probe):
        with tenant(two_tenants[0]), transaction.atomic():
            assert seen(probe) == {two_tenants[0]}
            with no_tenant():
                assert seen(probe) == set()
            assert seen(probe) == {two_tenants[0]}


class TestInATenant:
    def test_only_its_rows_are_seen(self, two_tenants, probe):
        for tenant_id in two_tenants:
            with tenant(tenant_id):
                assert seen(probe) == {tenant_id}

    def test_rows_of_another_tenant_can_be_neither_changed_nor_planted(self, two_tenants, probe):
        mine, other = two_tenants

        with tenant(mine), connection.cursor() as cursor:
            cursor.execute(f"update {probe} set note = 'mine' where tenant_id = %s", [other])
            assert cursor.rowcount == 0
            with pytest.raises(DatabaseError, match="row-level security"):
                cursor.execute(f"insert into {probe} (tenant_id, note) values (%s, 'planted')", [other])

    def test_the_scope_follows_inside_one_transaction(self, two_tenants, probe):
        with transaction.atomic():
            for tenant_id in (*two_tenants, *two_tenants):
                with tenant(tenant_id):
                    assert seen(probe) == {tenant_id}

    def test_the_scope_survives_a_rollback_to_a_savepoint(self, two_tenants, probe):
        mine, other = two_tenants

        with transaction.atomic(), tenant(mine):
            try:
                with transaction.atomic():
                    with tenant(other):
                        seen(probe)
                    raise LookupError
            except LookupError:
                pass
            assert seen(probe) == {mine}

    def test_a_rollback_to_a_savepoint_of_another_scope_does_not_bring_that_scope_back(self, two_tenants, probe):
        mine, other = two_tenants

        with transaction.atomic():
            with tenant(other):
                savepoint = transaction.savepoint()
            with tenant(mine):
                transaction.savepoint_rollback(savepoint)

                assert seen(probe) == {mine}

    def test_many_rows_at_once_carry_the_scope(self, two_tenants, probe):
        rows = [(two_tenants[0], "a"), (two_tenants[0], "b")]

        with tenant(two_tenants[0]), connection.cursor() as cursor:
            cursor.executemany(f"insert into {probe} (tenant_id, note) values (%s, %s)", rows)
            cursor.execute(f"select count(*) from {probe}")

            assert cursor.fetchone() == (22,)

    def test_copy_out_carries_the_scope(self, two_tenants, probe):
        statement = f"copy (select tenant_id from {probe}) to stdout"
        with tenant(two_tenants[1]), connection.cursor() as cursor, cursor.copy(statement) as stream:
            copied = {bytes(line).decode().strip() for line in stream}

        assert copied == {str(two_tenants[1])}

    def test_percent_signs_and_quotes_in_parameters_arrive_unharmed(self, two_tenants, probe):
        awkward = '100 % o\'clock \\ "x" %s %(n)s'

        with tenant(two_tenants[0]), acting(Actor("user", uuid4(), name=awkward)), connection.cursor() as cursor:
            cursor.execute(f"update {probe} set note = %s where note = 'row 1' returning note", [awkward])
            assert cursor.fetchone() == (awkward,)
            cursor.execute(f"select count(*) from {probe} where note like '100 %'")
            assert cursor.fetchone() == (1,)

    def test_row_counts_and_results_are_those_of_the_statement(self, two_tenants, probe):
        with tenant(two_tenants[0]), connection.cursor() as cursor:
            cursor.execute(f"update {probe} set note = note")

            assert cursor.rowcount == 20
            assert cursor.description is None

    def test_captured_queries_show_the_statement_alone(self, two_tenants, probe):
        with tenant(two_tenants[0]), CaptureQueriesContext(connection) as captured:
            seen(probe)

        assert [query["sql"] for query in captured.captured_queries] == [f"select tenant_id from {probe}"]


class TestOpenCursors:
    def test_a_server_side_cursor_keeps_the_tenant_it_was_opened_in(self, two_tenants, probe):
        mine, other = two_tenants

        with transaction.atomic():
            with tenant(mine):
                cursor = connection.chunked_cursor()
                cursor.execute(f"select tenant_id from {probe} order by id")
                first = cursor.fetchmany(5)
            with tenant(other):
                seen(probe)
                rest = cursor.fetchall()
                cursor.close()

        assert {row[0] for row in first + rest} == {mine}
        assert len(first + rest) == 20

    def test_a_cursor_held_outside_a_transaction_is_filled_in_its_tenant(self, two_tenants, probe):
        with tenant(two_tenants[1]):
            cursor = connection.chunked_cursor()
            cursor.execute(f"select tenant_id from {probe}")
        rows = cursor.fetchall()
        cursor.close()

        assert {row[0] for row in rows} == {two_tenants[1]}


class TestAPersonsScope:
    def test_shows_no_tenant_rows(self, two_tenants, probe):
        with person(two_tenants[0]):
            assert seen(probe) == set()


class TestRandomOperations:
    def test_two_thousand_of_them_with_errors_in_between_never_show_a_foreign_row(self, two_tenants, probe):
        dice = random.Random(7)

        for _ in range(2000):
            tenant_id = dice.choice([*two_tenants, None])
            scope = tenant(tenant_id) if tenant_id else no_tenant()
            with scope:
                with contextlib.suppress(DatabaseError, LookupError):
                    self.act(dice, probe)
                assert seen(probe) == ({tenant_id} if tenant_id else set())

    @staticmethod
    def act(dice: random.Random, table: str) -> None:
        deed = dice.randrange(5)
        if deed == 0:
            with connection.cursor() as cursor:
                cursor.execute("select 1 / 0")
        elif deed == 1:
            with transaction.atomic():
                seen(table)
                raise LookupError
        elif deed == 2:
            with transaction.atomic():
                try:
                    with transaction.atomic(), connection.cursor() as cursor:
                        cursor.execute("select 1 / 0")
                except DatabaseError:
                    seen(table)
        elif deed == 3:
            cursor = connection.chunked_cursor()
            cursor.execute(f"select * from {table}")
            cursor.fetchmany(3)
            cursor.close()
        else:
            with connection.cursor() as cursor:
                cursor.execute(f"update {table} set note = note")
