"""Compiled questions on disk: one small JSON file each, named by a hash of everything that it depends on.

An entry that cannot be read, or says that it answers another question, is as if it were not there. Nobody else may
write the folder: who could, could have other SQL run, so an entry also carries a hash of its content and the folder
is this user's alone.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

SETTING = "COMMUNITY_METRICS_CACHE"  # a folder, or one of OFF
OFF = {"0", "off", "no", "none", "false"}
ENTRIES = 512  # most that are kept; the ones unused for longest go first


def cache_folder() -> Path | None:
    """Where entries are: ``COMMUNITY_METRICS_CACHE``, else the user's cache folder; None when switched off."""
    set_to = os.environ.get(SETTING)
    if set_to is not None and set_to.strip().lower() in OFF:
        return None
    if set_to:
        return Path(set_to)
    from platformdirs import user_cache_path

    return user_cache_path("community-metrics") / "queries"


def key_of(question: Any, depends_on: list[Any]) -> str:
    """The name of a question's entry.

    Args:
        question: what is asked, as typed; anything that JSON can hold.
        depends_on: what else decides about the SQL: definitions, labels, versions.
    """
    said = json.dumps([question, depends_on], ensure_ascii=False).encode()
    return hashlib.sha256(said).hexdigest()


def read_entry(folder: Path | None, key: str) -> dict[str, Any] | None:
    """What was compiled before, or None."""
    if folder is None:
        return None
    file = folder / f"{key}.json"
    try:
        if os.name == "posix" and folder.stat().st_uid != os.getuid():
            return None
        digest, _, content = file.read_bytes().partition(b"\n")
        if digest.decode() != _digest(key, content):
            return None
        os.utime(file)
        return json.loads(content)
    except (OSError, ValueError):
        return None


def write_entry(folder: Path | None, key: str, entry: dict[str, Any]) -> None:
    """Keep what was compiled; where that is impossible, the question is compiled again the next time."""
    if folder is None:
        return
    import tempfile

    content = json.dumps(entry, ensure_ascii=False).encode()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, draft = tempfile.mkstemp(dir=folder, suffix=".draft")
        with os.fdopen(handle, "wb") as file:
            file.write(_digest(key, content).encode() + b"\n" + content)
        Path(draft).replace(folder / f"{key}.json")
        _make_room(folder)
    except OSError:
        return


def _digest(key: str, content: bytes) -> str:
    return hashlib.sha256(key.encode() + content).hexdigest()


def _make_room(folder: Path) -> None:
    """Remove what is over ``ENTRIES``, with an eighth to spare so that it is not looked at every time."""
    files = [entry for entry in os.scandir(folder) if entry.name.endswith((".json", ".draft"))]
    if len(files) > ENTRIES:
        files.sort(key=lambda entry: entry.stat().st_mtime)
        for entry in files[: len(files) - ENTRIES * 7 // 8]:
            Path(entry.path).unlink(missing_ok=True)


def depends_on(project: Path, target: str | None = None) -> list[Any]:
    """What the SQL of a question depends on beside the question: definitions, target, labels, code, MetricFlow.

    Args:
        project: folder of the dbt project.
        target: of profiles.yml; that of the environment when omitted.

    Raises:
        FileNotFoundError: when the project has not been built.
    """
    from importlib.metadata import version

    from kpi import labels
    from kpi.targets import find_target

    found = find_target(project, target)
    manifest = found.required_manifest()
    here = Path(__file__).parent
    files = [labels.FILE, *sorted((project / labels.REFERENCE).glob("*.csv"))]
    files += [here.parent / "semantic.py", *sorted(here.glob("*.py")), *sorted((here.parent / "engines").glob("*.py"))]
    stamps = [[file.name, (stat := file.stat()).st_mtime_ns, stat.st_size] for file in files]
    return [hashlib.sha256(manifest.read_bytes()).hexdigest(), found.name, found.kind, stamps, version("metricflow")]
