"""Runs: a frozen plan, carried out by a worker under a lease, and what every step of it gave."""
