"""Measurements: ratings with a progression instrument, and what changed between two."""
