"""Tests reach databases of their own only."""

from tests.disposable import only_disposable_databases  # noqa: F401 - a fixture that every test has
