"""Measure, explain and close the gap between labelled source images and an unlabeled target."""

__version__ = "0.1.0"
