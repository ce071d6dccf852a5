"""Real exports in: original files of the platforms become landed, pseudonymous rows."""
