"""A server process: started, waited for, found again by a later command, stopped by its process id.

Nothing but the standard library where it can be helped: Superset's environment, where this runs too, has no psutil.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
LOG_LINES = 15


class ServerError(Exception):
    """Something an operator can put right; the text says what and how."""


@dataclass(frozen=True)
class Process:
    """A process that outlives the command that starts it.

    Attributes:
        home: the folder with its log and, while it runs, its process id.
        name: what its files are called.
    """

    home: Path
    name: str

    @property
    def log(self) -> Path:
        """What the process said since its last start."""
        return self.home / f"{self.name}.log"

    @property
    def _file(self) -> Path:
        return self.home / f"{self.name}.json"

    def running(self) -> dict[str, Any] | None:
        """What was kept at its start, ``pid`` and all ``settings``, if it still runs."""
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):  # none, or one whose writing was interrupted
            return None
        # A number is given out again, after a restart of the machine at the latest: is it still what was started?
        return kept if born(kept["pid"]) == kept.get("born", "") else None

    def start(
        self,
        command: Sequence[str | Path],
        answers: Callable[[], bool],
        patience: float,
        settings: dict[str, Any],
        **options: Any,
    ) -> int:
        """Start the process and wait until it answers; one that does not is stopped again.

        Args:
            command: what is run.
            answers: whether it can be used.
            patience: seconds until it must answer.
            settings: kept for ``running``.
            options: of subprocess.Popen.

        Returns:
            The process id.

        Raises:
            ServerError: with the end of its log, where it dies or does not answer.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, **options)
        self._file.write_text(json.dumps({"pid": process.pid, "born": born(process.pid)} | settings), encoding="utf-8")
        deadline = time.monotonic() + patience
        try:
            while not answers():
                if process.poll() is not None:
                    raise ServerError(f"{self.name} 启动失败 ended while starting{self._end_of_log()}")
                if time.monotonic() > deadline:
                    raise ServerError(f"{self.name} 没有应答 no answer within {patience:.0f} s{self._end_of_log()}")
                time.sleep(0.2)
        except BaseException:  # Ctrl-C too
            self.stop()
            raise
        return process.pid

    def stop(self, signals: Sequence[int] = (signal.SIGTERM, signal.SIGKILL), patience: float = 30) -> int | None:
        """Stop the process: the first signal, and the next one where it still runs after ``patience`` seconds.

        Returns:
            Its process id; None where it did not run.

        Raises:
            ServerError: where it survives them all.
        """
        kept = self.running()
        for sent in signals if kept else ():
            with contextlib.suppress(ProcessLookupError):
                os.kill(kept["pid"], sent)
            deadline = time.monotonic() + patience
            while self.running() and time.monotonic() < deadline:
                time.sleep(0.1)
            if not self.running():
                break
        if self.running():
            raise ServerError(f"{self.name} 停不下来 does not stop: PID {kept['pid']}, log {self.log}")
        self._file.unlink(missing_ok=True)
        return kept["pid"] if kept else None

    def _end_of_log(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]
        return f"; the end of {self.log}:\n" + "\n".join(f"  {line}" for line in lines)


def born(pid: int) -> str | None:
    """When a process began, in the system's own terms; None where there is none, or only what is left of a dead one."""
    if Path("/proc/self/stat").exists():
        try:
            told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return None
        fields = told.rpartition(")")[2].split()  # the name before it may hold anything
        state, since = fields[0], fields[19]
    else:
        command = ["ps", "-p", str(pid), "-o", "state=,lstart="]
        told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        state, _, since = told.strip().partition(" ")
    return since if since and not state.startswith("Z") else None


def answers(port: int) -> bool:
    """Whether something on the loopback takes connections at a port."""
    try:
        socket.create_connection((HOST, port), timeout=2).close()
    except OSError:
        return False
    return True


def must_be_free(port: int, remedy: str) -> None:
    """Make sure that nobody listens at a port.

    Raises:
        ServerError: with who does, where that can be told, and the remedy.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what is merely closing is no obstacle
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ServerError(f"端口被占用 port {port} is taken by {_listener(port)}: {remedy}") from error


def _listener(port: int) -> str:
    try:
        import psutil
    except ImportError:
        return "another program"
    try:
        pids = {c.pid for c in psutil.net_connections("tcp") if c.status == "LISTEN" and c.laddr.port == port and c.pid}
        return ", ".join(f"{psutil.Process(pid).name()} (PID {pid})" for pid in sorted(pids)) or "another program"
    except psutil.Error:  # macOS tells only root
        return "another program"


def clear(folder: Path) -> None:
    """Remove a folder and everything in it; it may be absent."""
    shutil.rmtree(folder, ignore_errors=True)


def say(text: str) -> None:
    """Tell the operator."""
    print(text, flush=True)
