"""Starts and supervises PostgreSQL, Redis and the platform's own processes: development, tests, small installations.

Nothing here imports Django, so that servers and supervisor can run before any setting exists.
"""
