"""``kpi publish``: the file that BI tools read, replaced at once.

In it are the exported metrics (schema ``metrics``, written by ``kpi export``), and of ``reference``, ``marts`` and
``quality`` the tables that are shown to tell about nobody (``choice``); the rest comes when it is asked for.

* ``run``: the command: one draft, one rename.
* ``shared``: the same on a server, where the tables become a schema.
* ``star``: tables with their keys and comments, so that a tool draws the star by itself.
* ``metrics``: the exported tables, without what is withheld.
* ``people``: who stands behind a figure.
* ``asked``: what MetricFlow compiled to count them, kept for the next time.
* ``cells``: which cells of which tables are the same or add up, and so which ones are withheld.
"""
