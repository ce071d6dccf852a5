"""The golden data set, its cases and their oracles: see README.md."""
