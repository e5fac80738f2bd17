"""How much likelier rows are in one table than in another."""
