"""Who may write to a landing directory, and what may lie in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from kpi.ingest.manifest import MANIFEST, LandingError, Manifest, read_manifest
from kpi.ingest.parts import PART_PATH

LOCK = ".lock"
WORK = ".work-"
# What may lie beside the parts: what users write there, and what file managers leave.
BESIDE = {MANIFEST, LOCK, "acknowledged_quarantine.csv", "boundary_baseline.yml", "erasures.csv"}
LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}


def refuse_nested(source: Path, directory: Path) -> None:
    """Stop when one of source and landing directory lies in the other.

    Raises:
        LandingError: when it does.
    """
    inner, outer = source.resolve(), directory.resolve()
    if inner == outer or outer in inner.parents or inner in outer.parents:
        raise LandingError(
            f"{directory}: source and landing directory lie within each other. Name a landing directory elsewhere: "
            "raw files with names and phones must not lie beside what is read by everybody."
        )


def refuse_strange(directory: Path, exports: set[str]) -> None:
    """Stop when a directory holds what no landing directory holds.

    Raises:
        LandingError: names the first such thing, or an export that is landed by hand and by ingest at once.
    """
    for path in sorted(directory.iterdir()):
        if path.name in BESIDE | LITTER or (path.name.startswith(WORK) and path.is_dir()):
            continue
        known = _export_of(path) in exports and (path.is_dir() or path.suffix in (".csv", ".parquet"))
        if path.is_symlink() or not known:
            raise LandingError(
                f"{path}: no export, so {directory} is no landing directory. Name an empty directory, or take it out."
            )
        for child in path.iterdir() if path.is_dir() else ():
            if not child.name.startswith("exported_on=") and child.name not in LITTER:
                raise LandingError(
                    f"{child}: put there by hand. Beside what kpi ingest lands an export is one file, {path}.parquet "
                    f"or {path}.csv; or ingest into another directory."
                )
    both = by_hand(directory) & set((read_manifest(directory) or Manifest()).exports())
    if both:
        raise LandingError(
            f"{directory}: {', '.join(sorted(both))} landed by hand and by kpi ingest as well, so the rows would count "
            "twice. Take out the file that was put there by hand, or ingest into another directory."
        )


def by_hand(directory: Path) -> set[str]:
    """Exports that somebody has put into a directory, as ``<export>.csv`` or ``<export>.parquet``."""
    files = directory.iterdir() if directory.is_dir() else ()
    return {_export_of(path) for path in files if path.suffix in (".csv", ".parquet") and path.name not in BESIDE}


def _export_of(path: Path) -> str:
    return path.name.split(".")[0]


@contextmanager
def held(directory: Path, wait: bool, tell: Callable[[str], None]) -> Iterator[None]:
    """The only process that writes to a directory, until the block ends.

    Raises:
        LandingError: when another one holds it and we do not wait; names that process.
    """
    lock = FileLock(directory / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        holder = _holder(directory)
        if not wait:
            raise LandingError(
                f"{directory}: {holder} is writing to it. Run again when it has ended, or leave out --no-wait."
            ) from None
        tell(f"{directory}: {holder} is writing to it, waiting until it has ended … 另一个进程正在写入，等待中…")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _holder(directory: Path) -> str:
    pids = [path.name.removeprefix(WORK) for path in directory.glob(f"{WORK}*")]
    return f"process {', '.join(sorted(pids))}" if pids else "another process"


def clean(directory: Path, manifest: Manifest | None) -> None:
    """Remove what a killed run left. The whole directory is looked through only then: a day costs a day's work."""
    left = list(directory.glob(f"{WORK}*"))
    if left:
        remove_orphans(directory, manifest)
    for work in left:
        shutil.rmtree(work)


def remove_orphans(directory: Path, manifest: Manifest | None) -> None:
    """Remove parts that are not live; without a manifest none is known to be a left-over."""
    if manifest is None:
        return
    live = {part.path for part in manifest.parts()}
    for path in directory.glob("*/exported_on=*/*.parquet"):
        name = path.relative_to(directory).as_posix()
        if name not in live and PART_PATH.fullmatch(name):
            path.unlink()
    for folder in [*directory.glob("*/exported_on=*"), *(directory / export for export in _folders(directory))]:
        with suppress(OSError):  # not empty
            folder.rmdir()


def _folders(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir() if path.is_dir() and not path.name.startswith(".")]
