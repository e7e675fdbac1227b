"""Carrying a plan out: flow, attempts, parallel branches, limits."""
