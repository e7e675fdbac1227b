"""The counter of the home page: the smallest feature, and the one to read first."""
