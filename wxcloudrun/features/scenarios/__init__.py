"""Scenarios: steps in order, each a case or another scenario, that hand values on."""
