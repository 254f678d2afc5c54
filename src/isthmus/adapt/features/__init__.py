"""Adapters that act on features."""
