"""Tests of projects, with everything around them made up."""
