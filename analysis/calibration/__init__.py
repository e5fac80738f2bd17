"""Calibration: whether scores say how often the outcome happens, by group."""
