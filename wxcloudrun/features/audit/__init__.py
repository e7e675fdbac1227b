"""Who did what and when: entries written with the change itself, sealed into a chain afterwards."""
