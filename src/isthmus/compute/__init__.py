"""Who does the work: executors behind one protocol."""
