from apps.core.sagas.tests.things import TravelHarness


class TestTravel(TravelHarness):
    """The harness on a saga that has everything: effects in both databases, both kinds of waits, a pivot."""
