"""Servers are found again, stopped by nothing but their own process id, and say what keeps them from starting."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers import postgres, spark
from servers.__main__ import main, server
from servers.process import HOST, Process, ServerError, answers, born, must_be_free

WAITS = "import time; print('at work', flush=True); time.sleep(60)"
DEAF = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('at work', flush=True); time.sleep(60)"
)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    made = Process(tmp_path, "some")
    yield made
    made.stop((signal.SIGKILL,))


def started(process: Process, code: str = WAITS, patience: float = 20, **settings: object) -> int:
    return process.start(
        (sys.executable, "-c", code), lambda: "at work" in process.log.read_text(encoding="utf-8"), patience, settings
    )


def program(path: Path, says: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{says}\n", encoding="ascii")
    path.chmod(0o755)
    return path


def test_a_process_is_found_again_with_its_settings_and_stopped_once(process: Process) -> None:
    pid = started(process, port=7)
    again = Process(process.home, process.name)
    assert (again.running() or {})["pid"] == pid and again.running()["port"] == 7
    assert again.stop() == pid
    assert born(pid) is None
    assert again.running() is None and again.stop() is None


def test_one_that_does_not_want_to_end_is_ended(process: Process) -> None:
    pid = started(process, DEAF)
    assert process.stop(patience=0.3) == pid
    assert born(pid) is None


def test_a_number_that_another_process_has_by_now_is_left_alone(process: Process) -> None:
    with subprocess.Popen((sys.executable, "-c", WAITS), stdout=subprocess.DEVNULL) as other:
        kept = {"pid": other.pid, "born": "1"}
        (process.home / "some.json").write_text(json.dumps(kept), encoding="ascii")
        assert process.running() is None
        assert process.stop() is None
        assert other.poll() is None
        other.kill()


def test_a_zombie_does_not_run() -> None:
    child = subprocess.Popen((sys.executable, "-c", ""))
    deadline = time.monotonic() + 20
    while born(child.pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert born(child.pid) is None
    child.wait()


def test_where_it_dies_while_starting_the_end_of_its_log_is_told(process: Process) -> None:
    with pytest.raises(ServerError, match=r"some .*ended while starting.*\n(.*\n)* .*no room"):
        started(process, "raise SystemExit('no room')")
    assert process.running() is None


def test_where_it_does_not_answer_it_is_stopped_again(process: Process) -> None:
    with pytest.raises(ServerError, match="no answer within"):
        started(process, WAITS.replace("at work", "thinking"), patience=0.5)
    assert process.running() is None


def test_a_taken_port_names_who_has_it_and_what_helps() -> None:
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        listening.listen()
        port = listening.getsockname()[1]
        assert answers(port)
        with pytest.raises(ServerError, match=rf"port {port} is taken by .*PID {os.getpid()}.*: try another"):
            must_be_free(port, "try another")
    assert not answers(port)
    must_be_free(port, "free by now")


def test_java_is_looked_for_in_its_places_and_an_unfit_one_is_named(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ServerError, match=r"Java 17 or 21.*not installed: apt-get install"):
        spark.find_java(tmp_path)
    program(tmp_path / "usr/lib/jvm/eleven/bin/java", """echo 'openjdk version "11.0.2"' >&2""")
    with pytest.raises(ServerError, match=r"found: Java 11 in .*eleven"):
        spark.find_java(tmp_path)
    fit = program(tmp_path / "usr/lib/jvm/seventeen/bin/java", """echo 'openjdk version "17.0.15"' >&2""")
    assert spark.find_java(tmp_path) == fit.parents[1]


def test_postgresql_is_the_newest_or_that_of_the_data(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ServerError, match=r"PostgreSQL 14 or later is not installed: apt-get install postgresql"):
        postgres.find_binaries(root=tmp_path)
    for major in (12, 15, 17):
        for name in ("initdb", "pg_isready", "psql", "postgres"):
            program(tmp_path / f"usr/lib/postgresql/{major}/bin/{name}", f"echo 'postgres (PostgreSQL) {major}.3'")
    assert postgres.find_binaries(root=tmp_path).parent.name == "17"
    assert postgres.find_binaries("15", tmp_path).parent.name == "15"
    with pytest.raises(ServerError, match=r"PostgreSQL 16 .*found: 12, 15, 17"):
        postgres.find_binaries("16", tmp_path)


def test_a_server_of_other_settings_is_not_taken_for_the_one_asked_for(tmp_path: Path, capsys) -> None:
    home = ("--home", str(tmp_path))
    running = Process(tmp_path, "thriftserver")
    asked, _ = server(["spark", "up", *home])
    started(running, **asked.settings)
    try:
        assert main(["spark", "up", *home]) == 0
        assert "already running" in capsys.readouterr().out
        assert main(["spark", "up", "--workers", "2", *home]) == 2
        assert "already running with workers=0: make spark-down first" in capsys.readouterr().err
    finally:
        assert main(["spark", "down", *home]) == 0
    assert main(["spark", "down", *home]) == 0
    assert "not running" in capsys.readouterr().out


def test_ports_are_those_that_dbt_reads(monkeypatch) -> None:
    monkeypatch.setenv("COMMUNITY_METRICS_PG_PORT", "5999")
    monkeypatch.delenv("COMMUNITY_METRICS_SPARK_PORT", raising=False)
    profile = (Path(__file__).parents[2] / "profiles.example.yml").read_text(encoding="utf-8")
    assert server(["postgres", "up"])[0].port == 5999
    asked = server(["spark", "down"])[0]
    assert f"env_var('COMMUNITY_METRICS_SPARK_PORT', '{asked.port}')" in profile
    monkeypatch.delenv("COMMUNITY_METRICS_PG_PORT")
    assert f"env_var('COMMUNITY_METRICS_PG_PORT', '{server(['postgres', 'up'])[0].port}')" in profile


@pytest.mark.skipif(not shutil.which("ps"), reason="no ps here")
def test_without_proc_the_start_of_a_process_is_asked_of_ps(monkeypatch) -> None:
    monkeypatch.setattr(Path, "exists", lambda _: False)
    assert born(os.getpid()) == born(os.getpid()) is not None
    assert born(2**22 + 1) is None


def test_a_taken_port_is_told_without_psutil_too(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        listening.listen()
        with pytest.raises(ServerError, match="is taken by another program"):
            must_be_free(listening.getsockname()[1], "try another")


def test_ci_asks_first_what_the_machine_lacks(monkeypatch, capsys) -> None:
    monkeypatch.setattr(spark, "JAVA", ())
    monkeypatch.setattr(postgres, "OLDEST", 1000)
    assert main(["spark", "check"]) == main(["postgres", "check"]) == 2
    assert capsys.readouterr().err.count("apt-get install") == 2
