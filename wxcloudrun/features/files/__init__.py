"""Files of a project, which cases send in their bodies."""
