"""Tests of environments, with everything around them made up."""
