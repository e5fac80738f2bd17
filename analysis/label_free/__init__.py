"""How well a model does where nobody has labels yet, and how far to trust that."""
