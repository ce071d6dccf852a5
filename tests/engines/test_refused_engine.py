"""A database or session that would give other results ends a build before anything is built."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest
from harness.projects import ProjectCopy

from kpi.engines.postgres import PostgreSql
from kpi.engines.spark import Spark
from kpi.warehouse import WarehouseError


@pytest.fixture
def project(tmp_path):
    """The project, to be told of another database or session."""
    return ProjectCopy(tmp_path)


def test_kpi_asks_in_the_role_of_the_profile(target):
    if target.kind != "postgres":
        pytest.skip("PostgreSQL has roles")
    with closing(PostgreSql(target).connect()) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("drop role if exists analysts")
        cursor.execute("create role analysts")
    in_role = replace(target, settings={**target.settings, "role": "analysts"})
    with closing(PostgreSql(in_role).connect()) as connection, connection.cursor() as cursor:
        cursor.execute("select current_user")
        assert cursor.fetchone() == ("analysts",)


def test_kpi_encrypts_where_the_profile_says_so(target):
    """The server of the tests speaks no TLS, so it answers nobody who begins with it."""
    if target.kind != "spark":
        pytest.skip("Spark's driver has to be told")
    with pytest.raises(WarehouseError, match="cannot connect to"):
        Spark(replace(target, settings={**target.settings, "use_ssl": "true"})).connect()


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


@pytest.fixture
def built_of_exports(target):
    """A server where somebody has built landed exports: what such a build leaves, beside the demo."""
    engine = {"postgres": PostgreSql, "spark": Spark}[target.kind](target)
    with closing(engine.connect()) as connection, closing(connection.cursor()) as cursor:
        cursor.execute("create schema increments")
        cursor.execute("create table increments.whole_builds (model varchar(100))")
        if target.kind == "postgres":
            connection.commit()
        yield
        cursor.execute("drop schema increments cascade")
        if target.kind == "postgres":
            connection.commit()


@pytest.mark.usefixtures("built_of_exports")
def test_the_demo_is_not_put_over_exports(project, target):
    outcome = project.dbt("run", "--select", "base_manual__costs")
    assert outcome.returncode != 0, outcome.stdout
    said = " ".join(outcome.stdout.split())
    assert f"target {target.name}: its tables were built of landed exports, and" in said
    assert "COMMUNITY_METRICS_EXPORTS is not set" in said
    assert "START sql" not in outcome.stdout


def test_a_build_ends_before_it_begins(project, target):
    spoil = {"postgres": postgres_in_bytes, "spark": spark_in_a_zone}[target.kind]
    message = spoil(project, target)
    outcome = project.dbt("run", "--select", "base_manual__costs")
    assert outcome.returncode != 0, outcome.stdout
    assert message in " ".join(outcome.stdout.split())
    assert "START sql" not in outcome.stdout
