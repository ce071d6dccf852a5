"""A Superset of its own on the loopback: set up once, started, found again, stopped by its process id."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import requests

from bi.superset.dashboard import HERE, DashboardError
from servers.process import HOST, Process, must_be_free, say

USER = "admin"
PASSWORD = "SUPERSET_ADMIN_PASSWORD"
PATIENCE = 180  # seconds until the server must answer; 10 on an idle machine
LOG_LINES = 15


@dataclass(frozen=True)
class Server:
    """Superset with everything it keeps in one folder.

    Attributes:
        home: the folder; metadata, keys, log and process id.
        port: where it listens.
    """

    home: Path
    port: int

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        return f"http://{HOST}:{self.port}"

    @property
    def process(self) -> Process:
        """The server's process."""
        return Process(self.home, "server")

    def set_up(self) -> None:
        """Make the secret key, the metadata and the user; what is there stays, so a second time costs nothing."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o700)
        lock = (HERE / "requirements.lock").read_bytes()
        stamp = self.home / "set_up"
        if stamp.is_file() and stamp.read_bytes() == lock:
            return
        _secret(self.home / "secret_key", secrets.token_urlsafe(48))
        say("元数据 metadata: superset db upgrade, init (about a minute)")
        self._superset("db", "upgrade")
        password = os.environ.get(PASSWORD)
        if not password:
            password, new = _secret(self.home / "admin_password", secrets.token_urlsafe(12))
            if new:
                say(f"用户 user {USER}, 密码 password {password} (kept in {self.home / 'admin_password'}, mode 600)")
        name = ("--username", USER, "--firstname", "Community", "--lastname", "Metrics", "--email", "admin@example.com")
        self._superset("fab", "create-admin", *name, "--password", password)
        self._superset("init")
        stamp.write_bytes(lock)

    def password(self) -> str:
        """The password of the user: from the environment, else the one that was generated."""
        kept = self.home / "admin_password"
        if not os.environ.get(PASSWORD) and not kept.is_file():
            raise DashboardError(f"没有密码 no password: the user was made with {PASSWORD}; set it again")
        return os.environ.get(PASSWORD) or kept.read_text(encoding="ascii").strip()

    def start(self) -> None:
        """Start the server unless it runs, and wait until it answers."""
        if (running := self.process.running()) and running["port"] == self.port and self._answers():
            say(f"已在运行 already running: PID {running['pid']}")
            return
        self.process.stop()
        must_be_free(self.port, f"make superset PORT={self.port + 1}")
        command = (
            *(sys.executable, "-m", "gunicorn", "--bind", f"{HOST}:{self.port}", "--workers", "1"),
            *("--worker-class", "gthread", "--threads", "8", "--timeout", "180", "--no-control-socket"),
            "superset.app:create_app()",
        )
        environment = {"env": self._environment(), "cwd": self.home}
        self.process.start(command, self._answers, PATIENCE, {"port": self.port}, **environment)

    def _answers(self) -> bool:
        session = requests.Session()
        session.trust_env = False
        try:
            return session.get(f"{self.url}/health", timeout=5).text == "OK"
        except requests.RequestException:
            return False

    def _environment(self) -> dict[str, str]:
        own = {
            "SUPERSET_CONFIG_PATH": str(HERE / "superset_config.py"),
            "COMMUNITY_SUPERSET_HOME": str(self.home),
            "FLASK_APP": "superset.app:create_app()",
            "SCARF_ANALYTICS": "false",
        }
        return {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", PASSWORD)} | own

    def _superset(self, *arguments: str) -> None:
        done = subprocess.run(
            [str(Path(sys.executable).with_name("superset")), *arguments],
            env=self._environment(),
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            end = "\n".join((done.stdout + done.stderr).splitlines()[-LOG_LINES:])
            raise DashboardError(f"superset {arguments[0]} 失败 failed:\n{end}")


def _secret(file: Path, value: str) -> tuple[str, bool]:
    """The content of a file for its owner only, and whether it was written just now."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text(encoding="ascii").strip(), False
    with os.fdopen(handle, "w", encoding="ascii") as opened:
        opened.write(value)
    return value, True
