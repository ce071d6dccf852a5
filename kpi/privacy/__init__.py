"""Who and what is hidden: keys for persons, features for texts, the identity map, and what may be published.

The modules stand apart so that a reader of exports imports only ``keys`` and ``text``:

* ``keys``: the secret and the keys made with it; ``vault``: the identity map, a file of its own.
* ``text``: a text goes in, measurements come out.
* ``disclosure``: which cells of a table of aggregates may be shown.
"""
