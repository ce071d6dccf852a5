"""The published file in the hands of a BI tool: an older DuckDB behind SQLAlchemy, as Superset has it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from kpi.publish.run import publish

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / ".venv" / "clients"


@pytest.mark.skipif(not CLIENTS.is_dir(), reason="no .venv/clients: `make setup` installs bi/clients.lock there")
def test_an_older_client_reads_in_a_sandbox_and_goes_on_while_the_file_is_replaced(tmp_path: Path) -> None:
    warehouse, file = tmp_path / "community_metrics.duckdb", tmp_path / "bi.duckdb"
    with duckdb.connect(str(warehouse)) as db:
        db.execute("create schema marts; create schema reference")
        db.execute("create table marts.dim_communities as select 'c1' as community_id")
        db.execute("comment on table marts.dim_communities is 'One row per community 社群'")
        db.execute("create table reference.types as select unnest(['vip', '闪购群']) as type")
    manifest, nodes = {"semantic_models": [], "metrics": []}, {"model.p.dim_communities": {
        "resource_type": "model", "name": "dim_communities", "alias": "dim_communities", "schema": "marts",
        "primary_key": ["community_id"]}}  # fmt: skip
    publish(warehouse, file, manifest, None, nodes=nodes)
    client = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("bi_client.py"), file],
        env=os.environ | {"PYTHONPATH": str(CLIENTS), "PYTHONSAFEPATH": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with client:
        assert client.stdout is not None
        assert client.stdout.readline() == "reading\n", client.communicate()[1]
        with duckdb.connect(str(warehouse)) as db:
            db.execute("insert into reference.types values ('企业客户群')")
        publish(warehouse, file, manifest, None, nodes=nodes)
        said, errors = client.communicate("replaced\n", timeout=60)
    assert client.returncode == 0, errors
    assert json.loads(said) == {
        "duckdb": "1.5.6",
        "tables": ["dim_communities"],
        "comment": "One row per community 社群",
        "answer": [["类型", "数量"], ["vip", 1], ["闪购群", 1]],
        "write": 'Invalid Input Error: Cannot execute statement of type "INSERT" on database "bi" which is attached in '
        "read-only mode!",
        "sandbox": 'Permission Error: Cannot access file "/etc/passwd" - file system operations are disabled by '
        "configuration",
        "setting": 'Invalid Input Error: Cannot change configuration option "enable_external_access" - the '
        "configuration has been locked",
        "keys": ["NOT NULL", "PRIMARY KEY"],
        "before": 2,
        "while open": 2,
        "after": 3,
    }
