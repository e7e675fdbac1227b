"""The client for pipelines: starts a run, waits, tells, and ends with a code. Needs nothing but Python 3.8 or newer."""
