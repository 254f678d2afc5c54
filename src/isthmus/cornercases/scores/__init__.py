"""Scores of conditions, 0 to 1, from the pixels of one frame; see `registry.SCORES`."""
