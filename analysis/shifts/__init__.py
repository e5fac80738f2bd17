"""What moved between two tables, and what that did."""
