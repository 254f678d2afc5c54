"""Images and their labels: frames, data sets, formats, and the one way to decode."""
