"""The HTTP edge: tables of routes, and the only code that reads Flask's request."""

from wxcloudrun.core.http.route import Access, Caller, Limit, Raw, Reply, Route, Upload

__all__ = ["Access", "Caller", "Limit", "Raw", "Reply", "Route", "Upload"]
