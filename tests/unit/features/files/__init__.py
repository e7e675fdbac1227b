"""Tests of files, with everything around them made up."""
