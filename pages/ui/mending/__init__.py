"""The parts of Remedies: the choice on the left, what comes of it on the right."""
