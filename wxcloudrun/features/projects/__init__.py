"""Projects: who works together on what, with which rights, and who was invited."""
