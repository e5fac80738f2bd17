"""Which numbers of small groups are not shown."""
