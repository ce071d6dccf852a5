"""``python -m servers postgres up``: servers of the shared targets on the loopback; `make postgres-up` calls it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from servers.postgres import Postgres
from servers.process import ServerError
from servers.spark import Spark


def server(given: list[str] | None = None) -> tuple[Postgres | Spark, str]:
    """The server that was asked for on the command line, and what to do with it."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("action", choices=("up", "down", "check"), help="start; stop; is all there?")
    common.add_argument("--home", type=Path, help="what the server keeps; .servers/NAME if not given")
    common.add_argument("--throwaway", action="store_true", help="an empty server for tests, removed when stopped")
    parser = argparse.ArgumentParser(prog="python -m servers", description="本机服务 servers on the loopback")
    kinds = parser.add_subparsers(dest="kind", required=True)
    for kind, variable, port in (("postgres", "PG", 5544), ("spark", "SPARK", 10015)):
        added = kinds.add_parser(kind, parents=[common])
        # the variable that profiles.yml reads: server and dbt agree without being told twice
        default = int(os.environ.get(f"COMMUNITY_METRICS_{variable}_PORT", port))
        added.add_argument("--port", type=int, default=default)
    added.add_argument("--memory", default="2g", help="of the server, or of each worker")
    added.add_argument("--workers", type=int, default=0, help="of a standalone cluster; 0 = the server by itself")
    added.add_argument("--shuffle-partitions", type=int, default=2)
    added.add_argument("--conf", action="append", default=[], metavar="NAME=VALUE", help="further settings of Spark")
    asked = vars(parser.parse_args(given))
    kind, action = asked.pop("kind"), asked.pop("action")
    asked["home"] = asked["home"] or Path(os.environ.get("SERVERS") or ".servers") / kind
    if kind == "postgres":
        return Postgres(**asked), action
    asked["conf"] = dict(setting.split("=", 1) for setting in asked["conf"])
    return Spark(**asked), action


def main(given: list[str] | None = None) -> int:
    """Do what was asked.

    Returns:
        The exit status.
    """
    one, action = server(given)
    try:
        getattr(one, action)()
    except ServerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
