"""Migrations of an app that no database has."""
