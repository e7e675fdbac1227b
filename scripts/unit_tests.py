"""Runs the unit tests with `.env.unit`: `python scripts/unit_tests.py [--coverage] [options of pytest]`."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from scripts.bootstrap import TESTS, run_under  # noqa: E402 - the line above makes it findable

if __name__ == "__main__":
    run_under(TESTS, "scripts.testing", ["--unit"] + sys.argv[1:])
