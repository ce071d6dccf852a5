"""Synthetic exports of a brand's customer communities, and their independently computed truth."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from kpi.generate.commerce import build_commerce
from kpi.generate.config import Config, GenerateError
from kpi.generate.engagement import build_engagement, engagement_rows
from kpi.generate.exports import COLUMNS, read_rows, write_exports, write_tables
from kpi.generate.files import ENDINGS, FORMS
from kpi.generate.messages import write_messages
from kpi.generate.privacy import build_privacy, privacy_rows
from kpi.generate.small_exports import small_rows
from kpi.generate.staffing import build_staffing, staffing_rows
from kpi.generate.world import build_world

__all__ = ["Config", "GenerateError", "Result", "generate"]

TRUTH_NAME = "metrics.csv"
ORIGINALS = "original"  # folder of the files as the platforms give them


@dataclass
class Result:
    """What a run wrote: rows per export, bytes of all exports, truth rows, quirk notes."""

    out: Path
    rows: dict[str, int]
    size: int
    truth: Path | None = None
    truth_rows: int = 0
    notes: list[str] = field(default_factory=list)
    originals: dict[str, int] = field(default_factory=dict)  # bytes by file


def _check_target(out: Path) -> None:
    """Refuse to replace a directory that holds anything this generator does not write."""
    if not out.exists():
        return
    if not out.is_dir():
        raise GenerateError(f"{out} exists and is not a directory")
    known = {f"{name}.{ext}" for name in COLUMNS for ext in ("csv", "parquet")}
    for entry in sorted(out.iterdir()):
        if entry.is_file() and entry.name in known:
            continue
        former = entry.is_dir() and entry.name == "truth"
        if former and all(f.name == TRUTH_NAME for f in entry.iterdir()):
            continue
        if entry.is_dir() and entry.name == ORIGINALS and _only_originals(entry):
            continue
        raise GenerateError(
            f"{out} is not empty and holds {entry.name!r}, which is no previous output of this "
            "command; nothing was changed. Choose another --out or remove it yourself."
        )


def _only_originals(folder: Path) -> bool:
    """True when a folder holds nothing but files of the kinds and in the places that are written there."""
    places = {form.folder for form in FORMS.values()}
    found = [f.relative_to(folder) for f in folder.rglob("*") if not f.is_dir()]
    return all(len(f.parts) == 2 and f.parts[0] in places and f.suffix in ENDINGS for f in found)


def _swap(new: Path, out: Path, old: Path) -> None:
    """Put ``new`` in the place of ``out``; the former content comes back if that fails."""
    if out.exists():
        out.rename(old)
    try:
        new.rename(out)
    except OSError:
        if old.exists():
            old.rename(out)
        raise


def generate(cfg: Config, progress: Callable[[str, int], None] | None = None) -> Result:
    """Write all exports (and the truth) of one run.

    The files are made in a temporary directory beside ``cfg.out`` and moved at the end, so an
    interrupted run leaves the former state. progress: called with a stage and its rows so far.
    Raises GenerateError when the target may not be replaced.
    """
    out = cfg.out.absolute()
    _check_target(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    tell = progress or (lambda stage, rows: None)
    work = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        new = work / "new"
        new.mkdir()
        tell("world", 0)
        world = build_world(cfg)
        commerce = build_commerce(world)
        tell("exports", 0)
        rows = write_exports(world, commerce, new)
        tally, log, rows["wecom__messages"] = write_messages(world, new, lambda n: tell("messages", n))
        engagement, staffing = build_engagement(world, log.bodies), build_staffing(world, tally)
        rows |= write_tables(new, cfg.fmt, engagement_rows(world, engagement) | staffing_rows(world, staffing))
        privacy = build_privacy(world, commerce, log.bodies.bodies, log.consents)
        rows |= write_tables(new, cfg.fmt, privacy_rows(world, privacy) | small_rows(world, commerce))
        result = Result(out, rows, sum(f.stat().st_size for f in new.iterdir()), notes=world.notes)
        if cfg.with_originals:
            from kpi.generate.originals import People, write_originals

            tell("originals", 0)
            landed = {name: read_rows(new, name, cfg.fmt) for name in rows}
            result.originals = write_originals(new / ORIGINALS, landed, People(world.keys, log.contents))
        if cfg.with_truth:
            from kpi.generate.truth import Side, write_truth

            tell("truth", 0)
            target = cfg.truth.absolute() if cfg.truth else out / "truth" / TRUTH_NAME
            inside = target.is_relative_to(out)
            made = new / target.relative_to(out) if inside else work / "truth.csv"
            made.parent.mkdir(parents=True, exist_ok=True)
            side = Side(log, engagement, staffing, privacy)
            result.truth, result.truth_rows = target, write_truth(world, commerce, tally, side, made)
        if cfg.form == "original":
            for name in rows:
                (new / f"{name}.{cfg.fmt}").unlink()
        _swap(new, out, work / "old")
        if result.truth is not None and not result.truth.is_relative_to(out):
            result.truth.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(made, result.truth)
        return result
    finally:
        shutil.rmtree(work, ignore_errors=True)
