"""What many results tell together: causes, flakiness, comparisons, durations, incidents. Values in, values out."""
