"""Datasets: named sets of values for one case, in order, one of them the default."""
