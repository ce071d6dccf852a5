"""``kpi export``: the metrics as tables, schema ``metrics`` of the warehouse.

Every figure is asked for at its own cell and computed by MetricFlow; nothing is added up or averaged here. What is put
beside a figure (previous period, same period last year, band, interval, status) compares exported figures.

* ``catalogue``: what is known about each metric: labels, unit, coverage.
* ``asks``: which questions are asked; ``kpi publish`` counts persons with the same list.
* ``cells``: the answers, one row per figure.
* ``compare``: what stands beside a figure.
* ``statistics``: Wilson's interval.
* ``write``: all tables with their comments, in one transaction.
* ``run``: these in their order.
* ``shared``: the same on a server.
"""

from __future__ import annotations

from kpi.export.catalogue import fingerprint

__all__ = ["fingerprint"]
