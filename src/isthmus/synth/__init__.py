"""Rendered street scenes with complete truth, made on the fly."""
