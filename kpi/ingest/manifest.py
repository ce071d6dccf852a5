"""The manifest of a landing directory: which source files are landed, and which Parquet parts hold their rows.

``landed.json`` is the only thing that makes a part live. It is replaced as a whole, so a reader sees the
directory as it was before a run or as it is after it, and nothing between.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

MANIFEST = "landed.json"
FORMAT = 1


class LandingError(Exception):
    """What keeps a landing directory from being read or written; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Part:
    """One immutable Parquet file with rows of one source file.

    Attributes:
        export: export that the rows belong to.
        path: where it lies, relative to the landing directory, with ``/``.
        rows: number of rows, at least 1.
        min_day: first business day (``YYYY-MM-DD``) among the rows, by the contract's ``day_column``; None when
            the export has no such column or no cell of it can be read.
        max_day: last business day, likewise.
    """

    export: str
    path: str
    rows: int
    min_day: str | None = None
    max_day: str | None = None


@dataclass(frozen=True, slots=True)
class LandedFile:
    """One source file that is landed.

    Attributes:
        source_file: its path relative to the source directory, members of archives behind the archive's name.
        sha256: of the file's content, hex.
        size: bytes of the content.
        modified_ns: time of the file (of the archive for a member) in ns since 1970: with name and size it tells a
            file that was not touched since, without reading it.
        exported_at: ``YYYY-MM-DD HH:MM:SS`` Asia/Shanghai.
        layouts: names of the layouts that it was recognised as, ``<export>: <layout>``.
        accounts: source records by what became of them, see ``kpi.ingest.report``.
        parts: the rows; none when the file holds a header alone, or when all its rows have expired.
    """

    source_file: str
    sha256: str
    size: int
    modified_ns: int
    exported_at: str
    layouts: tuple[str, ...] = ()
    accounts: dict[str, int] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is live. ``secret`` is the fingerprint of the secret that the keys were made with, None before the first."""

    secret: str | None = None
    files: tuple[LandedFile, ...] = ()

    def parts(self, export: str | None = None) -> Iterator[Part]:
        """Live parts of one export, or of all, in the order in which they were landed."""
        return (part for file in self.files for part in file.parts if export in (None, part.export))

    def exports(self) -> list[str]:
        """Names of the exports that have live rows, sorted."""
        return sorted({part.export for part in self.parts()})

    def with_parts(self, new: dict[str, Part | None]) -> Manifest:
        """The manifest with parts exchanged by path; None takes one out."""
        return replace(
            self,
            files=tuple(
                replace(
                    file, parts=tuple(kept for part in file.parts if (kept := new.get(part.path, part)) is not None)
                )
                for file in self.files
            ),
        )

    def to_json(self) -> str:
        """The manifest as JSON, one source file a line, so that two versions compare line by line."""
        lines = ",\n".join(json.dumps(asdict(file), ensure_ascii=False) for file in self.files)
        head = f'{{"format": {FORMAT}, "secret": {json.dumps(self.secret)}, "files": ['
        return f"{head}\n{lines}\n]}}\n" if lines else f"{head}]}}\n"

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read what ``to_json`` wrote.

        Raises:
            LandingError: when it is no manifest, or one of a later format.
        """
        try:
            found: dict[str, Any] = json.loads(text)
            form = found["format"]
            if form == FORMAT:
                return cls(found["secret"], tuple(_file(line) for line in found["files"]))
        except (ValueError, KeyError, TypeError) as error:
            raise LandingError(
                f"{MANIFEST}: it cannot be read ({error}). Do not edit it: put back a copy of it, or ingest into an "
                "empty directory."
            ) from error
        raise LandingError(f"{MANIFEST}: format {form}, this version reads {FORMAT}. Update community-metrics.")


def _file(line: dict[str, Any]) -> LandedFile:
    parts = tuple(Part(**part) for part in line.pop("parts"))
    return LandedFile(**{**line, "layouts": tuple(line["layouts"]), "parts": parts})


def read_manifest(directory: Path) -> Manifest | None:
    """The manifest of a directory, or None when it has none.

    Raises:
        LandingError: when it cannot be read.
    """
    try:
        return Manifest.from_json((directory / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise LandingError(f"{directory / MANIFEST}: it cannot be read ({error}).") from error


def write_manifest(directory: Path, manifest: Manifest, scratch: Path) -> None:
    """Replace the manifest at once: a reader finds the old one or the new one, also after a loss of power.

    Args:
        directory: the landing directory.
        manifest: what becomes live.
        scratch: directory on the same file system for the unfinished file.
    """
    unfinished = scratch / MANIFEST
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(manifest.to_json())
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(directory / MANIFEST)
    sync(directory)


def sync(path: Path) -> None:
    """Make a file, or the names in a directory, last through a loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
