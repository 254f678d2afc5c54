"""Adapters that act on images."""
