"""What a run is made from: the plan, its scenarios, steps, cases and rows of data."""
