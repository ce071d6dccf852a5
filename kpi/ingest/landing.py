"""The landing directory: immutable Parquet parts, one manifest that makes them live, one writer at a time.

Reading needs nothing but ``Landing.open(directory)``. Writing happens under a lock, as one change::

    with Landing.locked(directory) as landing, landing.rewrite() as change:
        for part in landing.parts("youzan__orders"):
            change.replace(part, smaller_table)

All parts of a change become live by one replacement of the manifest. A process that is killed leaves the
directory as it was; what it left behind is removed by the next one that takes the lock.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from kpi.ingest.guard import WORK, by_hand, clean, held, refuse_strange, remove_orphans
from kpi.ingest.manifest import (
    MANIFEST,
    LandedFile,
    LandingError,
    Manifest,
    Part,
    read_manifest,
    sync,
    write_manifest,
)
from kpi.ingest.parts import LINEAGE, day_range, export_schema, rewritten_path, write_table


def reached(point: str) -> None:
    """Called before each step that a crash could tear apart; tests replace it to die there."""


class Landing:
    """A landing directory as its manifest says.

    Attributes:
        directory: where it lies.
        manifest: what is live; an empty one when nothing is landed yet.
    """

    def __init__(self, directory: Path, manifest: Manifest, work: Path | None = None) -> None:
        self.directory = directory
        self.manifest = manifest
        self._work = work

    @classmethod
    def open(cls, directory: Path) -> Landing:
        """The directory for reading; one that does not exist holds nothing.

        Raises:
            LandingError: when the manifest cannot be read.
        """
        return cls(directory, read_manifest(directory) or Manifest())

    @classmethod
    @contextmanager
    def locked(
        cls,
        directory: Path,
        *,
        exports: Iterable[str] | None = None,
        secret: str | None = None,
        wait: bool = True,
        tell: Callable[[str], None] = print,
    ) -> Iterator[Landing]:
        """The directory for writing, held alone until the end; made when it does not exist.

        Args:
            directory: the landing directory.
            exports: names that may lie in it; None does not look.
            secret: fingerprint of the secret at hand, compared to that of the manifest; None does not compare.
            wait: wait for another process that holds it, else refuse.
            tell: told that we wait.

        Raises:
            LandingError: when it is held and we do not wait, when it holds strange things, or when its rows were
                made with another secret.
        """
        if directory.is_symlink() or (directory.exists() and not directory.is_dir()):
            raise LandingError(f"{directory}: it is no directory. Name a directory of its own for landed exports.")
        if exports is not None and directory.exists():
            refuse_strange(directory, set(exports))
        directory.mkdir(parents=True, exist_ok=True)
        with held(directory, wait, tell):
            work = directory / f"{WORK}{os.getpid()}"
            manifest = read_manifest(directory)
            clean(directory, manifest)
            if secret is not None and manifest is not None and manifest.secret not in (None, secret):
                raise LandingError(
                    f"{directory}: its keys were made with another secret, so the same person would get a second key. "
                    "Set COMMUNITY_METRICS_SECRET or COMMUNITY_METRICS_SECRET_FILE to the secret of this directory, "
                    "or change its keys with kpi rekey."
                )
            if manifest is None and any(directory.glob("*/exported_on=*/*.parquet")):
                raise LandingError(
                    f"{directory}: {MANIFEST} is missing but landed files are there. Put back a copy of it, or ingest "
                    "into an empty directory."
                )
            work.mkdir()
            try:
                yield cls(directory, manifest or Manifest(secret), work)
            except BaseException:
                remove_orphans(directory, read_manifest(directory))
                raise
            finally:
                shutil.rmtree(work, ignore_errors=True)

    # --- reading -------------------------------------------------------------------------------

    def parts(self, export: str | None = None) -> list[Part]:
        """Live parts of one export, or of all."""
        return list(self.manifest.parts(export))

    def by_hand(self) -> set[str]:
        """Exports that somebody has put beside the manifest, as ``<export>.csv`` or ``.parquet``."""
        return by_hand(self.directory)

    def path(self, part: Part) -> Path:
        """Where a part lies."""
        return self.directory / part.path

    def table(self, part: Part) -> pa.Table:
        """The rows of a part: text columns of the export, then the lineage columns."""
        return pq.ParquetFile(self.path(part)).read()

    def read(self, export: str) -> ds.Dataset:
        """The live rows of an export, all versions; a column that older parts lack is null there."""
        paths = [str(self.path(part)) for part in self.manifest.parts(export)]
        if not paths:
            return ds.dataset(export_schema([]).empty_table())
        return ds.dataset(paths, schema=pa.unify_schemas([pq.read_schema(path) for path in paths]))

    def reader(self, export: str) -> str:
        """The live rows of an export as a table function of DuckDB's SQL.

        Raises:
            LandingError: when the export has no live rows.
        """
        parts = self.parts(export)
        if not parts:
            raise LandingError(f"{self.directory}: nothing of {export} is landed.")
        return parquet_reader(self.path(part) for part in parts)

    # --- writing -------------------------------------------------------------------------------

    @contextmanager
    def rewrite(self) -> Iterator[Change]:
        """A change of the directory; it becomes live at the end of the block, or not at all when that fails.

        Raises:
            LandingError: when the directory was opened for reading only.
        """
        if self._work is None:
            raise LandingError(f"{self.directory}: opened for reading. Use Landing.locked.")
        change = Change(self, self._work)
        yield change
        change._commit()


class Change:
    """What becomes live at once: files added, parts replaced.

    Attributes:
        work: directory for unfinished parts, each under the path that it will have.
    """

    def __init__(self, landing: Landing, work: Path) -> None:
        self.work = work
        self._landing = landing
        self._added: list[LandedFile] = []
        self._exchanged: dict[str, Part | None] = {}
        self._secret = landing.manifest.secret

    def add(self, file: LandedFile) -> None:
        """Land a source file whose parts lie in ``work``."""
        self._added.append(file)

    def added_parts(self, export: str | None = None) -> list[Part]:
        """Parts that this change lands; they still lie in ``work``."""
        return [part for file in self._added for part in file.parts if export in (None, part.export)]

    def replace(self, part: Part, rows: pa.Table | None, day_column: str | None = None) -> None:
        """Exchange the rows of a live part.

        Args:
            part: a live part.
            rows: what it holds from now on, lineage columns included; None or an empty table takes it out.
            day_column: the column that tells the days, to narrow ``min_day`` and ``max_day``; None keeps them.

        Raises:
            LandingError: when a lineage column is missing.
        """
        if rows is None or rows.num_rows == 0:
            self._exchanged[part.path] = None
            return
        missing = set(LINEAGE) - set(rows.column_names)
        if missing:
            raise LandingError(f"{part.path}: rewritten without {', '.join(sorted(missing))}.")
        new = replace(part, path=rewritten_path(part.path), rows=rows.num_rows)
        if day_column and (days := day_range(rows[day_column])):
            new = replace(new, min_day=days[0], max_day=days[1])
        reached("write")
        write_table(self.work / new.path, rows.cast(export_schema(rows.column_names[: -len(LINEAGE)])))
        self._exchanged[part.path] = new

    def set_secret(self, fingerprint: str) -> None:
        """The secret that all keys are made with once this change is live."""
        self._secret = fingerprint

    def _commit(self) -> None:
        landing, directory = self._landing, self._landing.directory
        before = landing.manifest
        after = replace(before.with_parts(self._exchanged), secret=self._secret)
        # the order of names, not of the runs: who lands the same files gets the same manifest
        files = sorted((*after.files, *self._added), key=lambda file: (file.source_file, file.exported_at, file.sha256))
        after = replace(after, files=tuple(files))
        if after == before:
            return
        if read_manifest(directory) is None:  # from here on parts without a line in a manifest are known for left-overs
            write_manifest(directory, Manifest(self._secret), self.work)
        reached("move")
        self._move([*self.added_parts(), *filter(None, self._exchanged.values())])
        reached("manifest")
        write_manifest(directory, after, self.work)
        landing.manifest = after
        reached("remove")
        for path in self._exchanged:
            (directory / path).unlink(missing_ok=True)

    def _move(self, parts: list[Part]) -> None:
        directory = self._landing.directory
        folders = set()
        for part in parts:
            target = directory / part.path
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                raise LandingError(f"{target}: it is there already and not in {MANIFEST}. Remove it and run again.")
            (self.work / part.path).rename(target)
            folders |= {target.parent, target.parent.parent}
            reached("moved")
        for folder in folders:
            sync(folder)


def parquet_reader(paths: Iterable[Path]) -> str:
    """A table function of DuckDB's SQL that reads these parts."""
    literals = ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
    return f"read_parquet([{literals}], union_by_name = true, hive_partitioning = false)"
