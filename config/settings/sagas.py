"""Sagas, kept in the database of their service."""

from config.env import env

# How long sagas are kept that are over. A saga begins once for each key for as long. Not less than 31.
SAGAS_KEPT_DAYS = max(31, env.int("SAGAS_KEPT_DAYS", default=365))
