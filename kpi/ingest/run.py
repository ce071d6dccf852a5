"""One run: every file of a directory landed, or accounted for in another way.

Files are independent of each other: what is wrong with one keeps no other out. What a run lands becomes live at its
end, all at once.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import BinaryIO, Protocol

import pyarrow as pa

from kpi.contracts import Contract
from kpi.ingest import decode as decoding
from kpi.ingest.guard import by_hand, refuse_nested
from kpi.ingest.landing import Change, Landing, reached
from kpi.ingest.manifest import LandedFile, LandingError
from kpi.ingest.parts import PartWriter
from kpi.ingest.report import REJECTED, FileReport, Rejection, Report
from kpi.ingest.sources import Limits, Refused, Source, find_sources
from kpi.ingest.versions import compare_versions
from kpi.privacy.keys import PrivacyError, Pseudonymiser, Secret
from kpi.privacy.text import TextReader
from kpi.privacy.vault import Vault

SHOWN = 20  # rejected rows of one file that a report names; all of them land


class Progress(Protocol):
    """Told how far a run is; ``kpi.ingest.command`` draws a bar of it."""

    def __call__(self, file: str, done: int, total: int) -> None:
        """The file that is read, bytes read so far and bytes in all."""


def _silent(file: str, done: int, total: int) -> None:
    """Progress that nobody looks at."""


def ingest(
    source_dir: Path,
    landing_dir: Path | None,
    *,
    contracts: Mapping[str, Contract],
    secret: Secret | None = None,
    vault: Vault | None = None,
    check: bool = False,
    wait: bool = True,
    limits: Limits | None = None,
    progress: Progress = _silent,
    tell: Callable[[str], None] = print,
) -> Report:
    """Land the files of a directory.

    Args:
        source_dir: what people dropped; archives in it are read as well.
        landing_dir: where rows land; made when it does not exist. With ``check`` it may be None.
        contracts: the exports, by name.
        secret: what keys of persons are made with; needed unless ``check``, which takes one that it throws away.
        vault: remembers whom keys belong to; None remembers nobody.
        check: decode and account for everything, write nothing.
        wait: wait for another run that writes to the directory, else refuse.
        limits: sizes from which on files are refused.
        progress: told how far the run is.
        tell: told that the run waits.

    Returns:
        What became of each file, what was landed, and what changed in what was landed before.

    Raises:
        LandingError: when the source or the landing directory cannot be used.
        OSError, sqlite3.Error: when rows or identities cannot be written; the directory is as it was before.
    """
    if not source_dir.is_dir():
        raise LandingError(f"{source_dir}: no such directory. Name the one that holds the exported files.")
    if landing_dir is not None:
        refuse_nested(source_dir, landing_dir)
    elif not check:
        raise LandingError("no landing directory. Name one with --into.")
    if check:
        secret, vault = Secret(secrets.token_bytes(32)), None
        landing = Landing.open(landing_dir) if landing_dir else None
        holding, changing = nullcontext(landing), None
    elif secret is None or landing_dir is None:
        raise LandingError("no secret to make keys with.")
    else:
        holding = Landing.locked(landing_dir, exports=contracts, secret=secret.fingerprint, wait=wait, tell=tell)
        changing = Landing.rewrite
    keys = Pseudonymiser(secret, vault)
    run = _Run(contracts, keys, limits or Limits(), progress)
    with holding as landing, changing(landing) if changing else nullcontext() as change:
        report = run.over(source_dir, landing, change)
        if change is not None:
            change.set_secret(secret.fingerprint)
            report.changes = _changes(contracts, landing, change)
            if vault is not None:
                vault.commit()
    report.landing, report.check = landing_dir, check
    return report


def _changes(contracts: Mapping[str, Contract], landing: Landing, change: Change) -> list:
    exports = sorted({part.export for part in change.added_parts()})
    return [found for export in exports if (found := compare_versions(contracts[export], landing, change)) is not None]


class _Run:
    """What the files of one run share."""

    def __init__(
        self, contracts: Mapping[str, Contract], keys: Pseudonymiser, limits: Limits, progress: Progress
    ) -> None:
        self.contracts, self.keys, self.limits, self.progress = contracts, keys, limits, progress
        self.texts = TextReader(keys.content)
        self.done = self.total = 0

    def over(self, directory: Path, landing: Landing | None, change: Change | None) -> Report:
        """Account for every file of a directory."""
        found = find_sources(directory, self.limits)
        sources = list(found)
        self.total = sum(source.size for source in sources)
        known = _Known(landing.manifest.files if landing else ())
        hand = by_hand(landing.directory) if landing else set()
        files = [_refused(refused) for refused in found.refused]
        for source in sources:
            self.progress(source.name, self.done, self.total)
            files.append(self._file(source, known, hand, change))
            self.done += source.size
        self.progress("", self.total, self.total)
        return Report(directory, sorted(files, key=lambda file: file.file), sorted(found.ignored))

    def _file(self, source: Source, known: _Known, hand: set[str], change: Change | None) -> FileReport:
        try:
            before, sha256 = _looked_at(source, known)
            if known.is_untouched(source, before.st_mtime_ns):
                return FileReport(source.name, "duplicate", duplicate_of=source.name)
            if copy := known.by_content.get(sha256):
                return FileReport(source.name, "duplicate", duplicate_of=copy)
            landed = self._land(source, before, known, hand, change)
        except Refused as refused:
            return _refused(refused)
        if landed.status == "landed":
            known.add(landed.file, sha256, landed.exported_at)
        return landed

    def _land(
        self, source: Source, before: os.stat_result, known: _Known, hand: set[str], change: Change | None
    ) -> FileReport:
        later = known.later_time(source)
        stream = _Watched(source)
        self.keys.source_file, self.keys.erased = source.name, 0
        rows = decoding.decode(stream.source, self.contracts, self.keys, self.texts, self.limits)
        writers: dict[str, PartWriter] = {}
        report = FileReport(source.name, "landed")
        try:
            for export, batch in _careful(source.name, rows):
                if export in hand:
                    raise Refused(source.name, "by_hand", _BY_HAND.format(export=export))
                if later:
                    batch = _stamped(batch, source.exported_at, later)
                if export == REJECTED and len(report.rejected) < SHOWN:
                    report.rejected += _rejections(batch, SHOWN - len(report.rejected))
                if change is not None:
                    if export not in writers:
                        writers[export] = self._writer(export, source.sha256, change)
                    reached("write")
                    writers[export].write(batch)
                self.progress(source.name, self.done + stream.position(), self.total)
        except BaseException:
            for writer in writers.values():
                writer.abandon()
            raise
        after = source.path.stat()
        if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            raise Refused(source.name, "unfinished", _UNFINISHED)
        return self._account(source, rows, report, later, known, writers, change)

    def _writer(self, export: str, sha256: str, change: Change) -> PartWriter:
        contract = self.contracts[export]
        return PartWriter(change.work, export, contract.column_names, contract.day_column, sha256)

    def _account(
        self,
        source: Source,
        rows: decoding.Decoding,
        report: FileReport,
        later: str | None,
        known: _Known,
        writers: dict[str, PartWriter],
        change: Change | None,
    ) -> FileReport:
        """The report of a decoded file; its parts go into the change if all is well with it."""
        report.take(rows)
        report.erased = self.keys.erased
        if rows.unrecognised is not None:
            report.status, report.reason = "unrecognised", rows.unrecognised.message
            return report
        report.exported_at = later if later and rows.exported_at == source.exported_at else rows.exported_at
        report.time_from = source.exported_from if rows.exported_at == source.exported_at else "inside"
        if (source.name, report.exported_at) in known.times:
            raise Refused(source.name, "same_time", _SAME_TIME.format(time=report.exported_at))
        written = {export: writer.rows for export, writer in writers.items() if writer.rows}
        landed = {export: count for export, count in rows.account.rows.items() if count}
        if not rows.account.adds_up() or (change is not None and written != landed):
            raise Refused(source.name, "internal", _NO_SUM)
        if change is not None:
            parts = [part for export in sorted(writers) for part in writers[export].close(report.exported_at)]
            accounts = {key: value for key, value in asdict(rows.account).items() if isinstance(value, int)}
            change.add(
                LandedFile(
                    source.name,
                    source.sha256,
                    source.size,
                    source.path.stat().st_mtime_ns,
                    report.exported_at,
                    tuple(sorted(rows.layouts)),
                    accounts,
                    tuple(parts),
                )
            )
        return report


_BY_HAND = (
    "is {export}, which lies in the landing directory already, put there by hand, so its rows would count twice. "
    "Take {export} out of the landing directory, or leave this file out"
)
_UNFINISHED = "was written to while it was read. Run again once it is copied or downloaded completely"
_SAME_TIME = (
    "has other content than the file of this name exported at {time} that is landed, and is not newer. "
    "If it is a later export, give it another name or put the time of the export (20260131_0930) into its name"
)
_NO_SUM = (
    "was read, but its records do not add up to what became of them. This is a fault of this program and nothing of "
    "the file is landed. Please report it, without the file"
)
_CRASHED = (
    "could not be read: {error} in {place}. This is a fault of this program or a file damaged in an unknown way, and "
    "nothing of it is landed. Please report it, without the file"
)


def _careful(name: str, rows: decoding.Decoding) -> Iterable[decoding.Landed]:
    """The rows; a fault of a decoder becomes a refusal of the file, without the values that a message may hold."""
    while True:
        try:
            landed = next(rows)
        except StopIteration:
            return
        except (Refused, MemoryError, PrivacyError, sqlite3.Error):
            raise
        except OSError as error:
            raise _unreadable(name, error) from error
        except Exception as error:
            trace = error.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
            raise Refused(name, "internal", _CRASHED.format(error=type(error).__name__, place=place)) from error
        yield landed


def _looked_at(source: Source, known: _Known) -> tuple[os.stat_result, str]:
    """State of a file on disk, and its content's hash unless it was not touched since it landed."""
    try:
        state = source.path.stat()
        return state, "" if known.is_untouched(source, state.st_mtime_ns) else source.sha256
    except OSError as error:
        raise _unreadable(source.name, error) from error


def _unreadable(name: str, error: OSError) -> Refused:
    return Refused(name, "unreadable", f"cannot be read ({error.strerror or type(error).__name__}). Copy it here again")


def _refused(refused: Refused) -> FileReport:
    return FileReport(refused.name, "refused", reason=refused.message, kind=refused.reason)


def _stamped(batch: pa.RecordBatch, old: str, new: str) -> pa.RecordBatch:
    """Rows with another time of export, where they have the one that the file's name or properties tell."""
    index = batch.schema.get_field_index("_exported_at")
    times = [new if time == old else time for time in batch.column(index).to_pylist()]
    return batch.set_column(index, "_exported_at", pa.array(times, pa.string()))


def _rejections(batch: pa.RecordBatch, most: int) -> list[Rejection]:
    return [
        Rejection(
            row["export_name"], int(row["_source_row"]), row["problem_column"], row["problem_value"],
            row["problem_reason"],
        )
        for row in batch.slice(0, most).to_pylist()
    ]  # fmt: skip


class _Known:
    """Source files that are landed, or will be at the end of this run."""

    def __init__(self, files: Iterable[LandedFile]) -> None:
        files = list(files)
        self.by_content = {file.sha256: file.source_file for file in files}
        self.times = {(file.source_file, file.exported_at) for file in files}
        self._untouched = {(file.source_file, file.size, file.modified_ns) for file in files}

    def is_untouched(self, source: Source, modified_ns: int) -> bool:
        """Whether a file is landed and was not written to since: told without reading it."""
        return (source.name, source.size, modified_ns) in self._untouched

    def later_time(self, source: Source) -> str | None:
        """When a file was written, if later, that has other content than the landed one of its name and time."""
        if (source.name, source.exported_at) in self.times and source.mtime > source.exported_at:
            return source.mtime
        return None

    def add(self, name: str, sha256: str, exported_at: str) -> None:
        """A file that this run lands."""
        self.by_content[sha256] = name
        self.times.add((name, exported_at))


class _Watched:
    """A source that tells how far it has been read."""

    def __init__(self, source: Source) -> None:
        self._stream: BinaryIO | None = None
        self._size = source.size
        self._opener = source.opener
        self.source = replace(source, opener=self._open)

    def _open(self) -> BinaryIO:
        self._stream = self._opener()
        return self._stream

    def position(self) -> int:
        """Bytes read of the stream that was opened last, at most the size of the file."""
        try:
            return min(self._stream.tell(), self._size) if self._stream else 0
        except (ValueError, OSError):
            return self._size
