"""Web pages that call the same JSON API as everybody else; they hold no data."""
