"""Declared tasks, the only reader of data files, synthetic generators and splits."""
