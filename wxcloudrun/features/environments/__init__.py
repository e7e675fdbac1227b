"""Environments: where requests go, with variables and secrets, and the variables of a whole project."""
