"""Real exports in: files as platforms give them become pseudonymous text in a landing directory."""
