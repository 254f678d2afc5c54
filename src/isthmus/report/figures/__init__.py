"""Altair charts, one file a subject; each chart comes with its numbers as a table."""
