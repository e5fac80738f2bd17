"""What stands behind the tabs of the Subgroups page, one question per module."""
