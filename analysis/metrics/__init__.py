"""What can be measured of a group: kinds of metrics, their values and intervals."""
