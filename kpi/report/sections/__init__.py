"""The parts of the report, one module each; every ``build`` takes the context and gives a Section or None."""
