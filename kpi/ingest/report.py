"""What a run of ``kpi ingest`` tells: what became of each file, and of each of its records.

Per file all source records add up: ``read = header + preamble + blank + total + duplicate + ignored + quarantined +
landed``. No personal value is in a report: they are hidden before they get here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from kpi.ingest.decode import Decoding
from kpi.ingest.rows import Account, Doubt, Nearest
from kpi.ingest.versions import ExportChange

REJECTED = "ingest__rejected_rows"
KINDS = ("header", "preamble", "blank", "total", "duplicate", "ignored", "quarantined", "landed")


@dataclass(frozen=True)
class Rejection:
    """A row that could not be landed; its value is hidden but for two characters."""

    export: str
    row: int
    column: str
    value: str
    reason: str


@dataclass
class FileReport:
    """What became of one file.

    Attributes:
        file: its ``_source_file``.
        status: landed, duplicate (its content is landed), refused (cannot be read safely or at all),
            unrecognised (no layout fits).
        kind: word for why it was refused, see ``Refused.reason``.
        reason: why it was refused or not recognised, in words.
        duplicate_of: the landed file with the same content.
        exported_at: ``YYYY-MM-DD HH:MM:SS`` Asia/Shanghai.
        time_from: where that was read: inside, file_name, document_properties, archive_member, date_in_name, mtime.
        layouts: ``export: layout`` of each layout that fits.
        account: its records, None when it was not read.
        rejected: the first rows that could not be landed; ``account.quarantined`` counts all.
        doubts: landed values that staging will set aside.
        masked: cells landed blank because the person in them is masked or unreadable, by (export, column).
        erased: cells landed blank because their person was erased (``kpi erase``).
        unknown_columns: columns that no layout knows, with their records, by (export, column); not landed.
        control_differences: sums of the rows that differ from the totals which the file states.
        nearest: layouts that come nearest to an unrecognised file, best first.
    """

    file: str
    status: str
    kind: str = ""
    reason: str = ""
    duplicate_of: str | None = None
    exported_at: str | None = None
    time_from: str | None = None
    layouts: list[str] = field(default_factory=list)
    account: Account | None = None
    rejected: list[Rejection] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    masked: Counter[tuple[str, str]] = field(default_factory=Counter)
    erased: int = 0
    unknown_columns: Counter[tuple[str, str]] = field(default_factory=Counter)
    control_differences: list[str] = field(default_factory=list)
    nearest: tuple[Nearest, ...] = ()

    def take(self, rows: Decoding) -> None:
        """Take what an exhausted decoding says of its file."""
        self.layouts = sorted(rows.layouts)
        self.account = rows.account
        self.doubts = list(rows.doubts)
        self.masked = rows.masked
        self.unknown_columns = rows.unknown_columns
        self.control_differences = list(rows.control_differences)
        self.nearest = rows.unrecognised.nearest if rows.unrecognised else ()

    def is_wrong(self, ignore_unknown: bool = False) -> bool:
        """Whether somebody has to look at the file: refused, unrecognised, quarantined rows, totals that differ."""
        if self.status == "unrecognised":
            return not ignore_unknown
        return bool(self.status == "refused" or self.control_differences or (self.account and self.account.quarantined))


@dataclass
class Report:
    """What one run did.

    Attributes:
        source: the directory that was read.
        files: one per file, by name.
        ignored_files: hidden files and lock files of Office.
        landing: where rows landed.
        check: whether nothing was written.
        changes: what changed in exports that were landed before.
    """

    source: Path
    files: list[FileReport]
    ignored_files: list[str] = field(default_factory=list)
    landing: Path | None = None
    check: bool = False
    changes: list[ExportChange] = field(default_factory=list)

    def is_wrong(self, ignore_unknown: bool = False) -> bool:
        """Whether somebody has to look: at one of the files, or because there are none."""
        return not self.files or any(file.is_wrong(ignore_unknown) for file in self.files)

    def by_status(self) -> dict[str, int]:
        """Number of files by status, in a fixed order."""
        found = Counter(file.status for file in self.files)
        return {status: found[status] for status in ("landed", "duplicate", "unrecognised", "refused")}

    def records(self) -> dict[str, int]:
        """Source records of all landed files, read and by what became of them; these add up."""
        accounts = [file.account for file in self.files if file.status == "landed" and file.account]
        return {key: sum(getattr(account, key) for account in accounts) for key in ("read", *KINDS)}

    def rows(self) -> dict[str, int]:
        """Rows landed by export."""
        found: Counter[str] = Counter()
        for file in self.files:
            if file.status == "landed" and file.account:
                found.update(file.account.rows)
        return dict(sorted(found.items()))

    def to_json(self) -> dict[str, Any]:
        """The report for programs.

        Returns:
            ``source``, ``landing``, ``check``; ``files_by_status`` {status: files}; ``records`` {read, header,
            preamble, blank, total, duplicate, ignored, quarantined, landed}, where read is the sum of the others;
            ``rows`` {export: rows landed}; ``ignored_files`` [name];
            ``files`` [{file, status, kind, reason, duplicate_of, exported_at, time_from, layouts, records (as above, or
            null), rows, ignored {reason: records}, quarantined [{export, column, reason, rows}],
            rejected [{export, row, column, value, reason}] (the first 20), doubts [{export, column, value, reason,
            count, first_row}], masked and unknown_columns [{export, column, count}], erased,
            control_differences [text], nearest [{export, layout, missing, extra}]}];
            ``changes`` [{export, new, unchanged, changed, older, money [{month, column, yuan, rows}]}].
        """
        return {
            "source": str(self.source),
            "landing": str(self.landing) if self.landing else None,
            "check": self.check,
            "files_by_status": self.by_status(),
            "records": self.records(),
            "rows": self.rows(),
            "ignored_files": self.ignored_files,
            "files": [_file_json(file) for file in self.files],
            "changes": [asdict(change) for change in self.changes],
        }


def _file_json(file: FileReport) -> dict[str, Any]:
    account = file.account
    return {
        "file": file.file,
        "status": file.status,
        "kind": file.kind,
        "reason": file.reason,
        "duplicate_of": file.duplicate_of,
        "exported_at": file.exported_at,
        "time_from": file.time_from,
        "layouts": file.layouts,
        "records": {key: getattr(account, key) for key in ("read", *KINDS)} if account else None,
        "rows": dict(account.rows) if account else {},
        "ignored": dict(account.ignored_reasons) if account else {},
        "quarantined": [
            {"export": export, "column": column, "reason": reason, "rows": count}
            for (export, column, reason), count in (account.quarantined_reasons.items() if account else ())
        ],
        "rejected": [asdict(rejection) for rejection in file.rejected],
        "doubts": [asdict(doubt) for doubt in file.doubts],
        "masked": _counts(file.masked),
        "erased": file.erased,
        "unknown_columns": _counts(file.unknown_columns),
        "control_differences": file.control_differences,
        "nearest": [asdict(near) for near in file.nearest],
    }


def _counts(counter: Counter[tuple[str, str]]) -> list[dict[str, Any]]:
    return [{"export": export, "column": column, "count": count} for (export, column), count in counter.items()]
