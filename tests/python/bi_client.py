"""What a BI tool does with the published file, run by test_bi_clients.py under an older DuckDB; prints JSON.

Run as ``bi_client.py FILE``; a line on standard input says that the file has been replaced.
"""

from __future__ import annotations

import json
import sys

import duckdb
import sqlalchemy as sa
from sqlalchemy.pool import NullPool


def refused(connection: sa.Connection, statement: str) -> str:
    """The first line of the refusal; empty where the statement is run."""
    try:
        connection.execute(sa.text(statement))
    except sa.exc.DBAPIError as error:
        connection.rollback()
        return str(error.orig).splitlines()[0]
    return ""


url, settings = f"duckdb:///{sys.argv[1]}", {"enable_external_access": "false", "lock_configuration": "true"}
engine = sa.create_engine(url, connect_args={"read_only": True, "config": settings}, poolclass=NullPool)
asked = sa.text("select type as 类型, count(*) as 数量 from reference.types group by all order by all")
counted = sa.text("select count(*) from reference.types")
inspector = sa.inspect(engine)
said = {
    "duckdb": duckdb.__version__,
    "tables": sorted(inspector.get_table_names(schema="marts")),
    "comment": inspector.get_table_comment("dim_communities", schema="marts")["text"],
}
with engine.connect() as connection:
    answer = connection.execute(asked)
    said["answer"] = [list(answer.keys()), *map(list, answer)]
    said["write"] = refused(connection, "insert into reference.types values ('x')")
    said["sandbox"] = refused(connection, "select * from read_csv('/etc/passwd')")
    said["setting"] = refused(connection, "set enable_external_access = true")
    keys = connection.execute(sa.text("select constraint_type from duckdb_constraints() order by all"))
    said["keys"] = [kind for (kind,) in keys]
with engine.connect() as reader:
    said["before"] = reader.execute(counted).scalar()
    print("reading", flush=True)
    sys.stdin.readline()
    said["while open"] = reader.execute(counted).scalar()
with engine.connect() as fresh:
    said["after"] = fresh.execute(counted).scalar()
print(json.dumps(said, ensure_ascii=False))
