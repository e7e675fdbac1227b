"""Runs that start by themselves: by cron, at an interval, or once."""
