"""Learned translation: frames in the look of a target, and an audit of what became of objects."""
