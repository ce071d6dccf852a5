"""dbt in processes of their own that can be killed, forked from one that has imported dbt already.

Importing dbt costs seconds of CPU; forked from the server, a run starts at once, and is a process like any other.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(
    ["dbt.cli.main", "dbt.task.build", "dbt.parser.manifest", "dbt.adapters.duckdb", "kpi.dbt_warehouse"]
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Build:
    """One run of dbt.

    Attributes:
        log: what it printed, a file that grows while it runs.
    """

    def __init__(
        self, folder: Path, *arguments: str, environment: dict[str, str], log: Path, most_bytes: int = 0
    ) -> None:
        """Start it.

        Args:
            folder: where it runs.
            arguments: of dbt.
            environment: added to that of this process.
            log: file for its output.
            most_bytes: no file grows beyond this, as on a full disk; 0 for no limit.
        """
        log.unlink(missing_ok=True)
        self.log = log
        self._process = _SERVER.Process(target=_run, args=(folder, arguments, environment, log, most_bytes))
        self._process.start()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def text(self) -> str:
        """What it printed so far, without colours."""
        return _COLOUR.sub("", self.log.read_text(encoding="utf-8", errors="replace")) if self.log.exists() else ""

    def until(self, is_time: Callable[[str], bool], patience: float = 300) -> bool:
        """Wait until what it printed is as wanted; False when it ended before."""
        end = time.monotonic() + patience
        while self._process.is_alive():
            if is_time(self.text):
                return True
            if time.monotonic() > end:
                self.kill()
                raise TimeoutError(self.text)
            time.sleep(0.01)
        return False

    def kill(self) -> None:
        """End it at once: SIGKILL, nothing is tidied up."""
        self._process.kill()
        self._process.join()

    def end(self) -> int:
        """Wait until it has ended; its exit code, negative for a signal."""
        self._process.join()
        return self._process.exitcode


def _run(folder: Path, arguments: tuple[str, ...], environment: dict[str, str], log: Path, most_bytes: int) -> None:
    os.chdir(folder)
    os.environ.update(environment)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(output, stream)
    sys.stdout, sys.stderr = (os.fdopen(stream, "w", buffering=1) for stream in (1, 2))
    if most_bytes:  # Python ignores the signal, so that writing fails as it does on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    from dbt.cli.main import dbtRunner

    result = dbtRunner().invoke(list(arguments))
    if result.exception:
        print(result.exception)
    sys.exit(0 if result.success else 1)
