"""Lanes of checks beside one another: ``.ci/beside.py "command of lane 1" "command of lane 2"``.

Ends with 0 when every lane did. When one fails, or on Ctrl-C, the others are stopped with all that they started, and
the exit code is that of the lane that failed. Steps print their line when they end, so that lines stay whole.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time


def stop(lane: subprocess.Popen) -> None:
    """End a lane and everything in its process group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(lane.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        lane.wait(10)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(lane.pid, signal.SIGKILL)  # what did not want to
    lane.wait()


def main(commands: list[str]) -> int:
    """Run the lanes; returns the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    environment = os.environ | {"STEP_BESIDE": "1"}
    lanes = []
    try:
        for command in commands:
            lanes.append(subprocess.Popen(shlex.split(command), env=environment, start_new_session=True))
        while True:
            codes = [lane.poll() for lane in lanes]
            if failed := [code for code in codes if code]:
                return abs(failed[0])
            if None not in codes:
                return 0
            time.sleep(0.1)
    except KeyboardInterrupt:
        return 130
    finally:
        for lane in lanes:
            if lane.poll() is None:
                stop(lane)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
