"""Adapters, the arms they are compared in, and the choice among them."""
