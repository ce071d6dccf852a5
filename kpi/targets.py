"""Which target of ``profiles.yml`` is asked, and where dbt wrote what it knows about it.

The target is that of ``--target``, else of ``COMMUNITY_METRICS_TARGET``, else ``duckdb``. How a server is reached is
read from ``profiles.yml``, where dbt reads it: there is no second configuration. dbt itself is not started for that:
importing it takes longer than a question.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kpi.errors import WarehouseError

SETTING = "COMMUNITY_METRICS_TARGET"
EMBEDDED = "duckdb"  # the target without a server, and dbt's name for its adapter
MANIFEST = "semantic_manifest.json"


class TargetError(WarehouseError):
    """A target that cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Target:
    """One output of the profile.

    Attributes:
        name: as ``profiles.yml`` calls it.
        kind: the adapter, e.g. ``postgres``.
        folder: where dbt writes its artifacts for it.
        settings: of the output, environment variables filled in; empty for the embedded one, whose file is that of
            ``kpi.warehouse.warehouse_path``.
    """

    name: str
    kind: str
    folder: Path
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)  # a password is none of a traceback's

    @property
    def is_embedded(self) -> bool:
        """Whether it is a file of this machine and not a server."""
        return self.kind == EMBEDDED

    @property
    def manifest(self) -> Path:
        """The definitions as dbt wrote them for this target: the names of relations in them are its own."""
        return self.folder / MANIFEST

    def required_manifest(self) -> Path:
        """The same.

        Raises:
            FileNotFoundError: when the project has not been parsed or built for this target yet.
        """
        if not self.manifest.exists():
            raise FileNotFoundError(
                f"{self.manifest} is missing. Ask from the project's folder 请在项目目录中运行; run "
                f"`{'make build' if self.is_embedded else self.dbt('build')}` there first."
            )
        return self.manifest

    def dbt(self, command: str) -> str:
        """A command of dbt for this target, as somebody types it."""
        if self.is_embedded:
            return f"dbt {command}"
        here = Path.cwd()
        folder = self.folder.relative_to(here) if self.folder.is_relative_to(here) else self.folder
        return f"dbt {command} --target {self.name} --target-path {folder.as_posix()}"


def find_target(project: Path | str = ".", name: str | None = None) -> Target:
    """The target that is asked.

    Args:
        project: folder of ``dbt_project.yml``.
        name: that of ``--target``; else the environment says.

    Raises:
        TargetError: when the profile has no such target, or a variable that it needs is not set.
    """
    project = Path(project).resolve()
    usual = os.environ.get(SETTING) or EMBEDDED
    name = name or usual
    told = os.environ.get("DBT_TARGET_PATH") if name == usual else None  # said of the one that the environment names
    folder = project / (told or ("target" if name == EMBEDDED else f"target/{name}"))
    if name == EMBEDDED:  # nothing to be read: a question that was asked before starts no more than it needs
        return Target(name, EMBEDDED, folder)
    settings = _output(project, name)
    return Target(name, str(settings.get("type")), folder, settings)


def require_embedded(command: str, instead: str) -> None:
    """Refuse what works on DuckDB only where another target is chosen: it would read the wrong warehouse.

    Raises:
        TargetError: when the environment names another target.
    """
    target = find_target()
    if not target.is_embedded:
        raise TargetError(
            f"{command}: 只用于 duckdb 目标 for the target duckdb only, and {SETTING} says {target.name}. {instead}"
        )


def _output(project: Path, name: str) -> dict[str, Any]:
    file = _profiles(project)
    outputs = (_loaded(file).get(_profile_name(project)) or {}).get("outputs") or {}
    if name not in outputs:
        raise TargetError(
            f"{file}: 没有目标 no target {name}; there are {', '.join(outputs) or 'none'} (--target, or {SETTING}). "
            "profiles.example.yml shows how targets are written."
        )
    return _rendered(outputs[name], file)


def _profiles(project: Path) -> Path:
    """The file that dbt would read: that of ``DBT_PROFILES_DIR``, of the project, of the user."""
    named = os.environ.get("DBT_PROFILES_DIR")
    folders = [Path(named)] if named else [project, Path.home() / ".dbt"]
    for folder in folders:
        if (file := project / folder / "profiles.yml").is_file():
            return file
    raise TargetError(f"{folders[0] / 'profiles.yml'}: 没有此文件 missing. Copy profiles.example.yml to profiles.yml.")


def _profile_name(project: Path) -> str:
    file = project / "dbt_project.yml"
    if not file.is_file():
        raise TargetError(f"{file} is missing. Ask from the project's folder 请在项目目录中运行.")
    return str(_loaded(file)["profile"])


def _loaded(file: Path) -> dict[str, Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(file.read_text(encoding="utf-8"), loader) or {}
    except yaml.YAMLError as error:
        raise TargetError(f"{file}: {error}") from error


def _rendered(value: Any, file: Path) -> Any:
    """Texts with what dbt puts into them: ``env_var`` and the filters that only say which type comes out."""
    if isinstance(value, dict):
        return {key: _rendered(part, file) for key, part in value.items()}
    if isinstance(value, list):
        return [_rendered(part, file) for part in value]
    if not isinstance(value, str) or "{" not in value:
        return value
    from jinja2 import Environment, StrictUndefined, TemplateError

    def env_var(name: str, default: str | None = None) -> str:
        found = os.environ.get(name, default)
        if found is None:
            raise TargetError(f"{file}: 环境变量未设置 the environment variable {name} is not set")
        return found

    environment = Environment(undefined=StrictUndefined, autoescape=False)
    filters = {"as_number": str, "as_bool": str, "as_native": str, "as_text": str}
    environment.filters.update(filters)
    try:
        return environment.from_string(value, globals={"env_var": env_var}).render()
    except TemplateError as error:
        raise TargetError(f"{file}: {value!r} cannot be read: {error}. Only env_var is known here.") from error
