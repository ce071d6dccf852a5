"""Superset's REST API, as much of it as the dashboard needs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import requests

from bi.superset.dashboard import Chart, DashboardError

TIMEOUT = 120  # seconds; an import on a busy machine takes tens


class Superset:
    """A session of one user."""

    def __init__(self, url: str, user: str, password: str) -> None:
        """Sign in.

        Args:
            url: where the server listens.
            user: its name.
            password: the password of that user.

        Raises:
            DashboardError: Superset does not take the password.
        """
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy has no business on the loopback
        answer = self._session.post(
            f"{url}/api/v1/security/login",
            json={"username": user, "password": password, "provider": "db", "refresh": False},
            timeout=TIMEOUT,
        )
        if answer.status_code == requests.codes.unauthorized:
            raise DashboardError(
                f"用户 {user} 的密码不对 Superset does not take the password of {user}. If it was "
                "changed there, say it with SUPERSET_ADMIN_PASSWORD."
            )
        self._session.headers["Authorization"] = f"Bearer {self._read(answer)['access_token']}"
        self._session.headers["X-CSRFToken"] = self._get("security/csrf_token/")["result"]
        self._session.headers["Referer"] = url

    def import_assets(self, bundle: bytes) -> None:
        """Create what is in a bundle, or replace it where it is there already."""
        files = {"bundle": ("community_metrics.zip", bundle, "application/zip")}
        answer = self._session.post(f"{self._url}/api/v1/assets/import/", files=files, timeout=TIMEOUT)
        self._read(answer)

    def charts(self, dashboard: str) -> dict[str, int]:
        """Numbers of a dashboard's charts by title."""
        return {chart["slice_name"]: chart["id"] for chart in self._get(f"dashboard/{dashboard}/charts")["result"]}

    def figures(self, number: int, chart: Chart) -> dict[tuple[object, ...], float | None]:
        """What a chart shows, by what tells its cells apart; days as dates, as the file has them."""
        rows = self._get(f"chart/{number}/data/")["result"][0]["data"]
        return {tuple(_day(row[c]) if c == "period_start" else row[c] for c in chart.by): row["cell"] for row in rows}

    def _get(self, path: str) -> dict[str, Any]:
        return self._read(self._session.get(f"{self._url}/api/v1/{path}", timeout=TIMEOUT))

    @staticmethod
    def _read(answer: requests.Response) -> dict[str, Any]:
        """The answer; what Superset says where it refuses, which may be on any level of its JSON."""
        if not answer.ok:
            raise DashboardError(f"Superset: {answer.request.path_url}: {answer.status_code} {answer.text[:2000]}")
        return answer.json()


def _day(milliseconds: float) -> object:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).date()
