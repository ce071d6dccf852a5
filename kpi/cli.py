"""Entry point of the ``kpi`` script, light so that a question that was asked before starts no more than it needs."""

from __future__ import annotations

import sys
from typing import Any


def __getattr__(name: str) -> Any:
    """``app``, the command line proper, loaded when somebody asks for it."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from kpi.app import app

    return app


def main() -> None:
    """Answer a plain ``kpi query`` at once; leave everything else to the command line proper."""
    if sys.argv[1:2] == ["query"]:
        from kpi.query.fast import answer_plain

        status = answer_plain(sys.argv[2:])
        if status is not None:
            sys.exit(status)
    from kpi.app import app

    app()


if __name__ == "__main__":
    main()
