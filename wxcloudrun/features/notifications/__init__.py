"""Messages about runs: channels, rules that say who is told what and when, and deliveries that are not lost."""
