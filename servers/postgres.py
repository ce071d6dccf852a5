"""A PostgreSQL on the loopback, of the binaries of this machine."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from servers.process import HOST, Process, ServerError, clear, must_be_free, say

USER, DATABASE = "community", "community_metrics"
OLDEST = 14
PATIENCE = 60
# Where servers lie whose folder is not in PATH: Debian, Red Hat, Homebrew on both kinds of Mac, Postgres.app.
PLACES = (
    *("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql*/bin"),
    *("usr/local/opt/postgresql*/bin", "Applications/Postgres.app/Contents/Versions/*/bin"),
)
INSTALL = "apt-get install postgresql (Debian), brew install postgresql@17 (macOS)"
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # a path in a deep folder would be too long for one
    "shared_buffers": "256MB",
    "work_mem": "64MB",
    "max_wal_size": "4GB",
    "max_locks_per_transaction": 512,  # dropping a schema locks every table, index and type in it at once
}
# A server that is thrown away need not survive a power cut.
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Postgres:
    """The server, with everything it keeps in one folder.

    Attributes:
        home: the folder.
        port: where it listens.
        throwaway: an empty server for tests, faster, and gone when it is stopped.
    """

    home: Path
    port: int = 5544
    throwaway: bool = False

    @property
    def process(self) -> Process:
        """The server's process."""
        return Process(self.home, "postgres")

    @property
    def data(self) -> Path:
        """The cluster of databases."""
        return self.home / "data"

    def up(self) -> None:
        """Start the server unless it runs; make what is not there yet.

        Raises:
            ServerError: with the remedy, where that fails.
        """
        if running := self.process.running():
            if running["port"] != self.port:
                raise ServerError(
                    f"已在端口 {running['port']} 运行 already running at that port: make postgres-down first"
                )
            say(f"已在运行 already running: PID {running['pid']}")
            return
        version = self.data / "PG_VERSION"
        binaries = find_binaries(version.read_text(encoding="ascii").strip() if version.is_file() else None)
        must_be_free(self.port, f"COMMUNITY_METRICS_PG_PORT={self.port + 1} make postgres-up")
        if self.throwaway:
            clear(self.home)
        if not version.is_file():
            self._make(binaries)
        settings = SETTINGS | {"port": self.port} | (THROWAWAY if self.throwaway else {})
        told = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        ready = [binaries / "pg_isready", "--quiet", f"--host={HOST}", f"--port={self.port}", "--dbname=postgres"]
        pid = self.process.start(
            [binaries / "postgres", "-D", self.data.absolute(), *told],
            answers=lambda: subprocess.run(ready, check=False, capture_output=True).returncode == 0,
            patience=PATIENCE,
            settings={"port": self.port, "throwaway": self.throwaway},
            cwd="/",  # any user may be there
            **_other_user(),
        )
        self._make_database(binaries)
        say(f"PostgreSQL: {HOST}:{self.port}, database {DATABASE}, user {USER}, PID {pid}")

    def check(self) -> None:
        """Make sure, at no cost, that the machine has what the server needs.

        Raises:
            ServerError: with what to install.
        """
        find_binaries()
        _other_user()

    def down(self) -> None:
        """Stop the server, if it runs: its clients are sent away, what they had committed stays."""
        running = self.process.running()
        stopped = self.process.stop((signal.SIGINT, signal.SIGQUIT))
        if running and running["throwaway"]:
            clear(self.home)
        say(f"已停止 stopped: PID {stopped}" if stopped else "没有在运行 not running")

    def _make(self, binaries: Path) -> None:
        clear(self.data)  # what an interrupted attempt left
        self.data.mkdir(parents=True, mode=0o700)
        if other := _other_user():
            shutil.chown(self.data, other["user"], other["group"])
            if subprocess.run(["test", "-w", self.data.absolute()], cwd="/", check=False, **other).returncode:
                raise ServerError(
                    f"用户 postgres 无法进入 {self.home.absolute()}: root may not run PostgreSQL, and that user "
                    f"may not enter that folder: make postgres-up SERVERS=/var/tmp/servers"
                )
        # Text is compared by its bytes, as by DuckDB and Spark: a locale of the machine would order it differently.
        command = [binaries / "initdb", "--pgdata", self.data.absolute(), "--username", USER, "--auth", "trust"]
        command += ["--encoding", "UTF8", "--locale", "C", *(["--no-sync"] if self.throwaway else [])]
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False, **_other_user())
        if done.returncode:
            clear(self.data)
            raise ServerError(f"initdb 失败 failed:\n{done.stdout}{done.stderr}".rstrip())

    def _make_database(self, binaries: Path) -> None:
        sql = binaries / "psql"
        to = [f"--host={HOST}", f"--port={self.port}", f"--username={USER}", "--dbname=postgres"]
        to += ["--no-psqlrc", "--tuples-only"]
        there = f"select 1 from pg_database where datname = '{DATABASE}'"
        for statement in (there, f"create database {DATABASE}"):
            done = subprocess.run([sql, *to, "--command", statement], capture_output=True, text=True, check=False)
            if done.returncode:
                raise ServerError(f"psql: {statement}\n{done.stderr}".rstrip())
            if done.stdout.strip() == "1":
                return


def find_binaries(major: str | None = None, root: Path = Path("/")) -> Path:
    """The folder of the server's programs, the newest there is.

    Args:
        major: version of the data to be read, which no other major version can.
        root: where the usual places are looked for.

    Raises:
        ServerError: where there is none, with what to install.
    """
    in_path = shutil.which("initdb")
    candidates = [Path(in_path).resolve().parent] if in_path else []
    candidates += [folder for place in PLACES for folder in root.glob(place)]
    versions = {folder: version for folder in candidates if (version := _version(folder))}
    fitting = {f: v for f, v in versions.items() if v >= OLDEST and major in (None, str(v))}
    if fitting:
        return max(fitting, key=fitting.__getitem__)
    wanted = major or f"{OLDEST} or later"
    seen = f" (found: {', '.join(str(v) for v in sorted(set(versions.values())))})" if versions else ""
    raise ServerError(f"没有 PostgreSQL {wanted} is not installed{seen}: {INSTALL}")


def _version(folder: Path) -> int | None:
    if not all((folder / name).is_file() for name in ("initdb", "postgres", "pg_isready", "psql")):
        return None
    told = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\) (\d+)", told)
    return int(found[1]) if found else None


def _other_user() -> dict[str, Any]:
    """Options of subprocess for a user who may run PostgreSQL, which refuses root."""
    if os.geteuid() != 0:
        return {}
    try:
        entry = pwd.getpwnam("postgres")
    except KeyError as error:
        raise ServerError(
            "root 不能运行 PostgreSQL, 也没有用户 postgres: root may not run it, and there is no user postgres"
        ) from error
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
