"""Runs the tests: `python3 scripts/run_tests.py [--fast] [paths and options of pytest]`, by any Python from 3.6 on."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from scripts.bootstrap import TESTS, run_under  # noqa: E402 - the line above makes it findable

if __name__ == "__main__":
    run_under(TESTS, "scripts.testing", sys.argv[1:])
