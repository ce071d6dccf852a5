"""The dbt project in a folder of its own, to be spoiled or fed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from harness.build_golden import is_up_to_date

ROOT = Path(__file__).parents[2]
DBT = str(Path(sys.executable).with_name("dbt"))


# asked in a process of its own: dbt keeps one adapter per process, and that of this one serves the seeds
ASK = """
import json, sys
from kpi.semantic import SemanticLayer
layer = SemanticLayer()
answers = {}
for metric, group_by in json.loads(sys.argv[1]):
    rows = layer.query([metric], [group_by]).by_key([group_by], metric)
    answers[metric] = {str(key[0])[:10]: float(value) for key, value in rows.items() if value is not None}
print(json.dumps(answers))
"""


# the same for whole queries, named by the arguments of SemanticLayer.query; money, which is exact, as a number
QUERY = """
import json, sys
from decimal import Decimal
from kpi.semantic import SemanticLayer
plain = lambda value: float(value) if isinstance(value, Decimal) else str(value)
layer = SemanticLayer()
answers = [layer.query(**query) for query in json.loads(sys.argv[1])]
print(json.dumps([[dict(zip(a.columns, row)) for row in a.rows] for a in answers], default=plain))
"""


def parsed_project() -> Path:
    """What dbt knows after parsing this project for landed exports: parsed once, copies go on from there."""
    target = ROOT / "target" / "copies"
    target.mkdir(parents=True, exist_ok=True)
    parsed = target / "partial_parse.msgpack"
    with FileLock(target / ".lock"):
        if not is_up_to_date(parsed):
            shutil.copy(ROOT / "profiles.example.yml", target / "profiles.yml")
            command = (DBT, "--log-path", str(target), "parse", "--target-path", str(target))
            variables = {"DBT_PROFILES_DIR": str(target), "COMMUNITY_METRICS_EXPORTS": ProjectCopy.LANDING}
            environment = {k: v for k, v in os.environ.items() if k != "COMMUNITY_METRICS_DB"} | variables
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout
            parsed.touch()  # dbt leaves it alone where nothing has changed
    return parsed


class ProjectCopy:
    """The dbt project copied to a folder of its own, with a warehouse of its own, to be spoiled or fed."""

    # What a copy calls its landing directory. dbt parses everything again when a variable that dbt_project.yml reads
    # has another value; the apostrophe has every copy show that paths are quoted.
    LANDING = "it's landed"

    def __init__(self, folder: Path, exports: Path | str = "") -> None:
        """Copy the project; ``exports`` is the landing directory, none for the seeds."""
        self.folder = folder
        for part in (
            "dbt_project.yml",
            ".dbtignore",
            "macros",
            "models",
            "seeds",
            "tests",
            "analyses",
        ):
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy(ROOT / part, folder / part)
        shutil.copy(ROOT / "profiles.example.yml", folder / "profiles.yml")
        (folder / "warehouse" / "test").mkdir(parents=True)
        (folder / "target").mkdir()
        if exports:
            (folder / self.LANDING).symlink_to(exports)
            shutil.copy(parsed_project(), folder / "target")
        elif (parsed := ROOT / "target" / "partial_parse.msgpack").is_file():
            shutil.copy(parsed, folder / "target")  # of the build, if it was told the same
        self.environment = {k: v for k, v in os.environ.items() if k != "COMMUNITY_METRICS_DB"} | {
            "DBT_PROFILES_DIR": str(folder),
            "COMMUNITY_METRICS_EXPORTS": self.LANDING if exports else "",
        }
        if not exports:
            self.environment["COMMUNITY_METRICS_DB"] = "warehouse/test/community_metrics.duckdb"

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the copy."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def dbt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run dbt in the copy, without colours."""
        return self.run(DBT, "--no-use-colors", *arguments)

    def ask(self, questions: list[tuple[str, str]]) -> dict[str, dict[str, float]]:
        """Answers to (metric, group-by) as {metric: {group, ten characters at most: value}}, nulls left out."""
        asked = self.run(sys.executable, "-c", ASK, json.dumps(questions))
        assert asked.returncode == 0, asked.stderr
        return json.loads(asked.stdout.splitlines()[-1])

    def query(self, queries: list[dict]) -> list[list[dict]]:
        """The rows that answer each query, by column; times arrive as text."""
        asked = self.run(sys.executable, "-c", QUERY, json.dumps(queries))
        assert asked.returncode == 0, asked.stderr
        return json.loads(asked.stdout.splitlines()[-1])
