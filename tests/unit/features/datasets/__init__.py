"""Tests of datasets, with everything around them made up."""
