"""Tests of the users feature."""
