"""How much is let in follows how long one has to wait inside."""

from __future__ import annotations

from apps.core.resilience.door import TARGET_S, Door, Priority
from apps.core.resilience.tests.worlds import World

LEAST, MOST = 8, 136


def a_door() -> tuple[Door, World]:
    world = World()
    return Door(LEAST, MOST, now=lambda: world.time), world


def pass_through(door: Door, world: World, waited_s: float, seconds: float, inside: int = MOST) -> None:
    for _ in range(int(seconds * 20)):
        world.pass_(0.05)
        door.waited(waited_s, inside)


class TestDoor:
    def test_lets_everybody_in_while_nobody_waits_long(self) -> None:
        door, world = a_door()
        pass_through(door, world, TARGET_S / 2, 10.0)

        assert door.admits(MOST - 1, Priority.LOW)
        assert not door.admits(MOST, Priority.HIGH)

    def test_lets_fewer_in_while_all_wait_long_and_the_less_important_fewest(self) -> None:
        door, world = a_door()
        pass_through(door, world, TARGET_S * 3, 1.0)
        inside = int(door.limit * 0.7)

        assert door.limit < MOST / 2
        assert [door.admits(inside, one) for one in Priority] == [False, True, True]

    def test_always_has_enough_inside_to_keep_every_thread_at_work(self) -> None:
        door, world = a_door()
        pass_through(door, world, 60.0, 60.0)

        assert door.admits(LEAST - 1, Priority.NORMAL)

    def test_is_not_moved_by_one_who_waited_long_where_others_did_not(self) -> None:
        door, world = a_door()
        for _ in range(100):
            world.pass_(0.05)
            door.waited(60.0, MOST)
            door.waited(0.0, MOST)

        assert door.limit == MOST

    def test_opens_again_when_the_crowd_has_gone(self) -> None:
        door, world = a_door()
        pass_through(door, world, 60.0, 10.0)
        pass_through(door, world, 0.0, 30.0)

        assert door.limit == MOST

    def test_opens_again_for_the_first_who_comes_after_a_quiet_minute(self) -> None:
        door, world = a_door()
        pass_through(door, world, 60.0, 10.0)
        world.pass_(60.0)
        door.waited(0.0, 1)

        assert door.limit == MOST
