"""Whether the service lives, can work, and how it does: for platforms and operators."""
