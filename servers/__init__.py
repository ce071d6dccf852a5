"""Servers for development and tests on the loopback: PostgreSQL and Spark, kept in a folder, stopped by process id."""
