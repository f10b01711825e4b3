"""The parts of the case `events`."""
