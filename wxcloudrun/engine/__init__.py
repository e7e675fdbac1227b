"""Runs a plan: a frozen JSON document in, results out. Pure: no Flask, no database, no settings."""
