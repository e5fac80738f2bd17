"""Graphs of causes and effects: text, edits, starts, and a suggestion from data."""
