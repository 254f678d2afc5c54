"""One run of the whole methodology, described by a study file."""
