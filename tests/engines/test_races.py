"""Who writes to PostgreSQL at the same time loses and doubles nothing: a load during a build, and two builds."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest
from harness.landings import land

from kpi.engines.postgres import PostgreSql
from kpi.load import load

MESSAGES, ORDERS = "wecom__messages", "youzan__orders"
READS = "select 1 from pg_locks where relation = to_regclass('landing.parts') and mode = 'ShareLock' and granted"


@pytest.fixture
def landing(target, tmp_path):
    """Messages, loaded; nothing is built of them."""
    ask(target, "drop schema if exists landing cascade; drop schema if exists increments cascade")
    for export in (MESSAGES, ORDERS):
        ask(target, f"drop table if exists staging.base_{export} cascade")
    land(tmp_path, "from seed", "2026-05-20 08:00:00", MESSAGES)
    load(str(tmp_path), target)
    return tmp_path


def ask(target, sql):
    """Rows of a statement, committed."""
    with closing(PostgreSql(target).connect()) as connection, connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def built(landing, folder, *exports):
    """A build of base models that goes on by itself."""
    selected = [f"base_{export}" for export in exports]
    command = ["-m", "dbt.cli.main", "--quiet", "--no-write-json", "run", "--threads", "1", "--select", *selected]
    places = ["--target-path", str(folder), "--log-path", str(folder)]
    environment = os.environ | {"COMMUNITY_METRICS_EXPORTS": str(landing)}
    return subprocess.Popen([sys.executable, "-W", "ignore", *command, *places], env=environment)


def rows(target, export):
    """Rows of a base model, parts that its ledger says it holds, and rows that are loaded."""
    base = f"base_{export}"
    ((counted,),) = ask(target, f"select count(*) from staging.{base}")
    ((parts,),) = ask(target, f"select count(*) from increments.{base} where input = 'self'")
    ((loaded,),) = ask(target, f"select count(*) from landing.{export}")
    return counted, parts, loaded


def test_an_export_that_is_loaded_while_a_build_runs_is_not_noted_as_read(target, landing, tmp_path_factory):
    land(landing, "from seed", "2026-05-20 08:00:00", ORDERS)
    folder = tmp_path_factory.mktemp("target")
    build = built(landing, folder, MESSAGES, ORDERS)
    while not ask(target, READS):
        assert build.poll() is None, "the first model has ended without a lock"
        time.sleep(0.02)
    loading = threading.Thread(target=lambda: load(str(landing), target))
    loading.start()  # waits for the first model, and the second one for it
    assert build.wait(300) == 0
    loading.join(60)
    assert built(landing, folder, MESSAGES, ORDERS).wait(300) == 0
    counted, parts, loaded = rows(target, ORDERS)
    assert (counted, parts) == (loaded, 1)


def test_two_builds_at_once_read_a_part_once(target, landing, tmp_path_factory):
    folders = [tmp_path_factory.mktemp("target") for _ in range(2)]
    assert [built(landing, folder, MESSAGES).wait(300) for folder in folders] == [0, 0]
    land(landing, "select * replace ('again_' || msgid as msgid) from seed limit 900", "2026-05-21 08:00:00", MESSAGES)
    load(str(landing), target)
    builds = [built(landing, folder, MESSAGES) for folder in folders]
    assert [build.wait(300) for build in builds] == [0, 0]
    counted, parts, loaded = rows(target, MESSAGES)
    assert (counted, parts) == (loaded, 2)
