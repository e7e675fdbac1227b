"""Variables: what a name means at a place, and text with names in it."""
