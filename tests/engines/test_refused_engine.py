"""A database or session that would give other results ends a build before anything is built."""

from __future__ import annotations

from contextlib import closing

import pytest
from harness.projects import ProjectCopy

from kpi.engines.postgres import PostgreSql


@pytest.fixture
def project(tmp_path):
    """The project, to be told of another database or session."""
    return ProjectCopy(tmp_path)


def postgres_in_bytes(project, target):
    """A database that knows no characters."""
    with closing(PostgreSql(target).connect()) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("drop database if exists bytes")
        cursor.execute("create database bytes template template0 encoding 'SQL_ASCII'")
    project.environment["COMMUNITY_METRICS_PG_DATABASE"] = "bytes"
    return "The PostgreSQL database 'bytes' does not order texts by their bytes, or is not in UTF-8"


def spark_in_a_zone(project, target):
    """A session in local time."""
    profile = project.folder / "profiles.yml"
    text = profile.read_text(encoding="utf-8")
    assert text.count("timeZone': UTC") == 1
    profile.write_text(text.replace("timeZone': UTC", "timeZone': Asia/Shanghai"), encoding="utf-8")
    return "The Spark session is in time zone Asia/Shanghai"


def test_a_build_ends_before_it_begins(project, target):
    spoil = {"postgres": postgres_in_bytes, "spark": spark_in_a_zone}[target.kind]
    message = spoil(project, target)
    outcome = project.dbt("run", "--select", "base_manual__costs")
    assert outcome.returncode != 0, outcome.stdout
    assert message in " ".join(outcome.stdout.split())
    assert "START sql" not in outcome.stdout
