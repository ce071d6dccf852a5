"""Independent answers: what the project computes in SQL models, counted here from the golden rows in plain Python.

Nothing in this folder reads a model, a macro or a table of the project. Each module offers ``prepare(connection)``,
which adds tables to the database of golden rows for the SQL of the cases, and functions that a case names as its
oracle.
"""
