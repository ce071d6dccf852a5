"""``python -m bi.superset up``: a Superset with the dashboard of the nine KPIs; ``make superset`` calls it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bi.superset.dashboard import SLUG, DashboardError, bundle, charts
from servers.process import ServerError, say


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m bi.superset", description="九项关键指标 the nine KPIs in Superset")
    parser.add_argument("action", choices=("up", "verify", "stop"), help="start and fill; compare the figures; stop")
    parser.add_argument("--file", type=Path, default=Path("warehouse/bi/community.duckdb"), help="what is published")
    parser.add_argument("--home", type=Path, default=Path(".superset/home"), help="metadata, keys and log of Superset")
    parser.add_argument("--port", type=int, default=8088, help="on the loopback")
    asked = parser.parse_args(given)
    # As told, links included: a link that is set anew leads to the new file.
    asked.file, asked.home = asked.file.expanduser().absolute(), asked.home.expanduser().absolute()
    return asked


def main(given: list[str] | None = None) -> int:
    """Do what was asked.

    Returns:
        The exit status.
    """
    asked = arguments(given)
    try:
        return _do(asked)
    except (DashboardError, ServerError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _do(asked: argparse.Namespace) -> int:
    from bi.superset.client import Superset  # only Superset's environment has what these need
    from bi.superset.published import columns, definitions, differences, open_published, stored
    from bi.superset.server import USER, Server

    server = Server(asked.home, asked.port)
    if asked.action == "stop":
        stopped = server.process.stop()
        say(f"已停止 stopped: PID {stopped}" if stopped else "没有在运行 not running")
        return 0
    with open_published(asked.file) as db:
        metrics = definitions(db)
        if asked.action == "up":
            packed = bundle(asked.file, metrics, columns(db))
            server.set_up()
            server.start()
        superset = Superset(server.url, USER, server.password())
        if asked.action == "up":
            superset.import_assets(packed)
        numbers = superset.charts(SLUG)
        wrong: list[str] = []
        cells = 0
        for chart in charts(metrics):
            if chart.title not in numbers:
                wrong.append(f"{chart.title}: not on the dashboard")
                continue
            expected = stored(db, chart)
            cells += len(expected)
            found = differences(expected, superset.figures(numbers[chart.title], chart))
            wrong += [f"{chart.title}: {line}" for line in found]
    if wrong:
        raise DashboardError("图表与指标表不一致 charts differ from the metrics table:\n" + "\n".join(wrong))
    say(f"核对 checked: {len(numbers)} charts, {cells} figures, as stored in {asked.file}")
    say(f"看板 dashboard: {server.url}/superset/dashboard/{SLUG}/  (user {USER}; stop: make superset-stop)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
