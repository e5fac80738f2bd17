"""Torch, and all that is fitted: training, scorers, remedies, jobs, the run store."""
