"""The tabs of the Calibration page, a file each."""
