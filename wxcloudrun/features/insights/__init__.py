"""What many runs tell: trends, causes over time, flaky cases, quarantine, incidents, comparisons."""
