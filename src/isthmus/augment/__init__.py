"""Physical effects on frames, with units, depth and an audit of the labels."""
