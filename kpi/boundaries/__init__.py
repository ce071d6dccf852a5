"""Checks where data enters and where numbers leave: the landed exports before dbt reads them, the metrics after.

What is expected stands in ``suites/**/*.yml``, one file per topic; what is usual for these exports stands in a baseline
(``baseline.py``). ``relations.py`` writes both boundaries into a small DuckDB file, ``expectations.py`` translates each
line of a suite into one of Great Expectations, ``run.py`` asks them, ``pages.py`` writes the pages.
"""
