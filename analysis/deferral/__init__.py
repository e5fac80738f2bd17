"""Accept or defer: which decisions stand alone, and which go to a person."""
