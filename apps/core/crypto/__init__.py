"""Keeping secrets that are stored or sent."""
