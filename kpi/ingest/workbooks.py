"""Workbooks (xlsx and xls), from bytes to sheets of numbered records.

The reading is python-calamine's. Here stand the guards before it, for a workbook is an archive that somebody sent:
sizes are checked before anything is unpacked whole, and what cannot be read ends in a refusal that says what to do.
"""

import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape

import python_calamine

from kpi.ingest.cells import Cell
from kpi.ingest.delimited import TOO_LONG, Record
from kpi.ingest.limits import MIB, Limits, Refused

XLSX_MAGIC = b"PK\x03\x04"
XLS_MAGIC = b"\xd0\xcf\x11\xe0"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")

BLOCK = MIB
# A sheet is laid out whole in memory, blank cells included: two cells in opposite corners would fill any machine.
MAX_CELLS = 20_000_000
MAX_UNPACKED = 2048 * MIB
MAX_ROW_BYTES = 64 * MIB
PROBE_MEMORY = 1536 * MIB
PROBE_SECONDS = 120
# Opens an xls in a process of its own: two cells of a small file may ask for more memory than there is, and the reader
# ends its process then. 1 is an error that can be caught here too.
_PROBE = f"""
import io, sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, ({PROBE_MEMORY}, {PROBE_MEMORY}))
except ImportError:
    pass
import python_calamine
python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
"""

_ROW = re.compile(rb"<(?:\w+:)?row\b(?:[^>]*?\sr=\"(\d{1,9})\")?")
_CELL_AT = re.compile(rb"<(?:\w+:)?c\s[^>]*?\br=\"([A-Z]{2,3})\d")
_FAR_CELL = re.compile(rb"<(?:\w+:)?c\s[^>]*?\br=\"[A-Z]{3}\d")
_HIGH_CELL = re.compile(rb"<(?:\w+:)?c\s[^>]*?\br=\"[A-Z]{1,3}(\d{6,7})\"")
_ERROR = re.compile(
    rb"<(?:\w+:)?c\s(?=[^>]*\bt=\"e\")[^>]*?\br=\"([A-Z]{1,3})(\d{1,7})\"[^>]*>"
    rb"(?:<(?:\w+:)?f\b[^>]*/>|<(?:\w+:)?f\b[^>]*>[^<]*</(?:\w+:)?f>)?<(?:\w+:)?v>([^<]{1,20})<"
)
_IS_1904 = re.compile(rb"<(?:\w+:)?workbookPr\b[^>]*\bdate1904=\"(?:1|true)\"")

Range = tuple[int, int, int, int]
"""A merged range: first row and column, last row and column, all from 0."""


@dataclass(frozen=True)
class Sheet:
    """One sheet of an open workbook.

    Attributes:
        name: as on its tab.
    """

    name: str
    _load: Callable[[str], python_calamine.CalamineSheet]
    _file: str
    _errors: dict[tuple[int, int], str]
    _limits: Limits

    @property
    def merged(self) -> tuple[Range, ...]:
        """Merged ranges; the value of one stands in its first cell, the others are blank."""
        with _refusing(self._file):
            ranges = self._load(self.name).merged_cell_ranges or []
        return tuple((first[0], first[1], last[0], last[1]) for first, last in ranges)

    def records(self) -> Iterator[Record]:
        """All rows from row 1, blank ones included, each padded to the width of the sheet.

        Dates, numbers and booleans keep their type; formulas are their cached value, error values their text (#N/A).

        Raises:
            Refused: the sheet is damaged.
        """
        with _refusing(self._file):
            sheet = self._load(self.name)
            first_column = sheet.start[1] if sheet.start else 0
            for index, row in enumerate(sheet.iter_rows()):
                cells: list[Cell] = [""] * first_column + list(row)
                yield self._record(index, cells)

    def _record(self, index: int, cells: list[Cell]) -> Record:
        problem = ""
        for column, cell in enumerate(cells):
            if cell == "" and self._errors and (index, column) in self._errors:
                cells[column] = self._errors[index, column]
            elif isinstance(cell, str) and len(cell) > self._limits.max_cell:
                problem, cells[column] = TOO_LONG, cell[:100]
        return Record(index + 1, cells, problem)


@dataclass(frozen=True)
class Workbook:
    """An open workbook: its sheets in their order, and whether its serial dates count from 1904."""

    sheets: tuple[Sheet, ...]
    is_1904: bool


@dataclass
class _Scan:
    """What the XML of one sheet says of its size, and its error values, which the reader gives as blank."""

    rows: int = 0
    columns: int = 26
    errors: dict[tuple[int, int], str] = field(default_factory=dict)


def is_workbook(head: bytes) -> bool:
    """Whether these first bytes may be those of a workbook."""
    return head.startswith((XLSX_MAGIC, XLS_MAGIC))


def open_workbook(name: str, data: bytes, limits: Limits) -> Workbook | None:
    """Opens a workbook.

    Args:
        name: of the file, for messages.
        data: the whole file.
        limits: sizes.

    Returns:
        The workbook, or None if the bytes are an archive of another kind.

    Raises:
        Refused: it has a password, unpacks to too much, or is damaged.
    """
    errors: dict[str, dict[tuple[int, int], str]] = {}
    is_1904 = False
    if data.startswith(XLSX_MAGIC):
        with _refusing(name), zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            if "xl/workbook.xml" not in names:
                return None
            _check_unpacked(name, archive, len(data), limits)
            is_1904 = _IS_1904.search(archive.read("xl/workbook.xml")) is not None
            errors = {member: _scan(name, archive, member).errors for member in sorted(names) if _is_sheet(member)}
    elif ENCRYPTED in data[: 64 * MIB]:
        raise Refused(
            name, "encrypted", "the workbook has a password: save it without one. 工作簿有密码，请去掉密码后另存。"
        )
    else:
        _check_xls(name, data)
    with _refusing(name):
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        # Of a large workbook one sheet at a time is in memory.
        load = lru_cache(maxsize=1)(book.get_sheet_by_name)
        sheets = tuple(
            Sheet(meta.name, load, name, _errors_of(errors, meta.name, data), limits)
            for meta in book.sheets_metadata
            if meta.typ == python_calamine.SheetTypeEnum.WorkSheet
        )
    return Workbook(sheets, is_1904)


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    """Turns whatever the libraries raise on damaged bytes into a refusal; a panic of the reader among it."""
    try:
        yield
    except (Refused, GeneratorExit, KeyboardInterrupt):
        raise
    except python_calamine.PasswordError as error:
        raise Refused(
            name, "encrypted", "the workbook has a password: save it without one. 工作簿有密码，请去掉密码后另存。"
        ) from error
    except BaseException as error:
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            kind = type(error).__name__
            message = f"the workbook is damaged ({kind}): open it and save it anew. 工作簿已损坏，请打开后另存。"
            raise Refused(name, "damaged", message) from error
        raise


def _check_xls(name: str, data: bytes) -> None:
    try:
        probe = subprocess.run(
            [sys.executable, "-I", "-c", _PROBE], input=data, capture_output=True, timeout=PROBE_SECONDS, check=False
        )
        survived = probe.returncode in (0, 1)
    except subprocess.TimeoutExpired:
        survived = False
    if not survived:
        message = (
            "it asks for more memory than a workbook may fill: save it as xlsx or CSV. 文件异常，请另存为 xlsx 或 CSV。"
        )
        raise Refused(name, "too_large", message)


def _is_sheet(member: str) -> bool:
    return member.startswith("xl/worksheets/") and member.endswith(".xml")


def _check_unpacked(name: str, archive: zipfile.ZipFile, packed: int, limits: Limits) -> None:
    unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > limits.bomb_bytes and unpacked > packed * limits.max_ratio:
        raise Refused(
            name,
            "bomb",
            f"it unpacks to {unpacked // MIB} MiB, {unpacked // packed} times its size. 疑似压缩炸弹，不予读取。",
        )
    if unpacked > MAX_UNPACKED:
        raise Refused(
            name, "too_large", f"it unpacks to {unpacked // MIB} MiB: save it as CSV. 工作簿过大，请另存为 CSV。"
        )


def _scan(name: str, archive: zipfile.ZipFile, member: str) -> _Scan:
    """Reads the XML of a sheet once, in pieces that end with a row."""
    scan, rest, far = _Scan(), b"", False
    with archive.open(member) as stream:
        while True:
            block = stream.read(BLOCK)
            rest += block
            cut = rest.rfind(b"row>") + 4 if block else len(rest)
            if cut > 3 or not block:
                far = _scan_piece(rest[:cut], scan, far)
                rest = rest[cut:]
            if len(rest) > MAX_ROW_BYTES:
                raise Refused(
                    name, "cell", f"a row of more than {MAX_ROW_BYTES // MIB} MiB in {member}. 单行过大，不予读取。"
                )
            if scan.rows * scan.columns > MAX_CELLS:
                span = f"{member} spans {scan.rows} rows and {scan.columns} columns"
                message = f"{span}: save the used part as CSV. 表格范围过大，请另存为 CSV。"
                raise Refused(name, "too_large", message)
            if not block:
                return scan


def _scan_piece(piece: bytes, scan: _Scan, far: bool) -> bool:
    for row in _ROW.finditer(piece):
        scan.rows = max(scan.rows + 1, int(row.group(1) or 0))
    if b'r="' in piece and (high := _HIGH_CELL.findall(piece)):
        scan.rows = max(scan.rows, max(map(int, high)))
    # Which columns there are is asked only where many rows, or a column far to the right, make it matter.
    if far or scan.rows * 702 > MAX_CELLS or _FAR_CELL.search(piece):
        far = True
        named = {_column(letters) + 1 for letters in set(_CELL_AT.findall(piece))}
        scan.columns = max([scan.columns, *named])
    elif scan.columns < 702:
        scan.columns = 702 if _CELL_AT.search(piece) else scan.columns
    if piece.count(b"<c") > piece.count(b'r="'):
        scan.columns = max(scan.columns, *(part.count(b"<c") for part in piece.split(b"<row")))
    if b't="e"' in piece:
        for letters, row, text in _ERROR.findall(piece):
            scan.errors[int(row) - 1, _column(letters)] = text.decode("utf-8", "replace")
    return far


def _column(letters: bytes) -> int:
    """Number of a column from 0."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


_SHEET_ID = re.compile(r"<(?:\w+:)?sheet\b[^>]*?\bname=\"([^\"]*)\"[^>]*?\b\w+:id=\"([^\"]*)\"")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\b(?=[^>]*\bId=\"([^\"]*)\")(?=[^>]*\bTarget=\"([^\"]*)\")")


def _errors_of(errors: dict[str, dict[tuple[int, int], str]], sheet: str, data: bytes) -> dict[tuple[int, int], str]:
    """The error values of a sheet, which the archive keeps under another name than its tab's."""
    if not any(errors.values()):
        return {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
        relations = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    targets = dict(_RELATION.findall(relations))
    for name, relation in _SHEET_ID.findall(book):
        if unescape(name) == sheet:
            target = targets.get(relation, "")
            return errors.get(target.removeprefix("/") if target.startswith("/") else f"xl/{target}", {})
    return {}
