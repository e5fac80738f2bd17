"""Thresholds by group whose rates agree, or reach a minimum, at the least cost."""
