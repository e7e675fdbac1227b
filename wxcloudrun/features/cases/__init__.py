"""Cases: one API request each, with its checks, its data choice, its versions and who may see it."""
