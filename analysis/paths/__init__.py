"""What a fix does at every strength: one point of its path after another."""
