"""Sessions: logging in with a WeChat code, refreshing, listing, ending."""
