"""What differs between two tables, whatever made it differ."""
