"""Other people's servers, each behind a client of its own."""
