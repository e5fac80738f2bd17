"""A shift planted into a table, and what it does to whom."""
