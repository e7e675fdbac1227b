"""Triggers: addresses at which other people's servers start runs by a signed request."""
