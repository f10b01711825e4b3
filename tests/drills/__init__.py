"""Drills: what is lost when something breaks. Each prints what it did and what was lost: nothing."""
