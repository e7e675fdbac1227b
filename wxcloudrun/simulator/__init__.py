"""A WeChat server to develop and test against: its own small app that knows nothing of the rest."""
