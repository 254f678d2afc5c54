"""Adapters that teach with pseudo-labels."""
