"""How the project is started, tested, checked and shipped."""
