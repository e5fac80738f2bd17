"""What stands behind the Shift page, one question per module."""
