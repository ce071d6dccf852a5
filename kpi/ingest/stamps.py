"""When a file was exported, by the best witness there is."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import BinaryIO
from zoneinfo import ZoneInfo

from defusedxml import DefusedXmlException, ElementTree

ZONE = ZoneInfo("Asia/Shanghai")
FORM = "%Y-%m-%d %H:%M:%S"

_LONG = re.compile(r"(?<!\d)(20\d{2})-?(\d{2})-?(\d{2})[ _T-]?([01]\d|2[0-3])[-_.:]?([0-5]\d)[-_.:]?([0-5]\d)?(?!\d)")
_SHORT = re.compile(r"(?<!\d)(20\d{2})-?(\d{2})-?(\d{2})(?!\d)")
_MODIFIED = "{http://purl.org/dc/terms/}modified"


def exported_at(
    name: str, mtime: float, member: datetime | None, opener: Callable[[], BinaryIO]
) -> tuple[str, str, str]:
    """The time of export, where it was read, and the time of the last change of the file.

    Args:
        name: File name with its path.
        mtime: Last change of the file on disk, epoch seconds.
        member: Local time of the member of an archive, if any.
        opener: Opens the file, to read the properties of a workbook.

    Returns:
        Two times ``YYYY-MM-DD HH:MM:SS`` of Asia/Shanghai around one word: file_name, document_properties,
        archive_member, date_in_name or mtime.
    """
    file_name = PurePosixPath(name).name
    changed = datetime.fromtimestamp(mtime, ZONE).strftime(FORM)
    is_workbook = file_name.lower().endswith((".xlsx", ".xlsm"))
    for time, origin in (
        (lambda: _time_in(file_name, _LONG), "file_name"),
        (lambda: _workbook_time(opener) if is_workbook else None, "document_properties"),
        (lambda: member, "archive_member"),
        (lambda: _time_in(file_name, _SHORT), "date_in_name"),
    ):
        if found := time():
            return found.strftime(FORM), origin, changed
    return changed, "mtime", changed


def local_time(value: object) -> str | None:
    """A time written in a file as Asia/Shanghai ``YYYY-MM-DD HH:MM:SS``; None where it is none.

    Epoch seconds or milliseconds (by magnitude), ISO 8601 with or without offset, or ``YYYY-MM-DD HH:MM[:SS]``
    of Asia/Shanghai.
    """
    text = str(value).strip()
    try:
        if text.isdigit() and len(text) in (10, 13):
            return datetime.fromtimestamp(int(text[:10]), ZONE).strftime(FORM)
        time = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return None
    return (time.astimezone(ZONE) if time.tzinfo else time).strftime(FORM)


def _time_in(name: str, pattern: re.Pattern[str]) -> datetime | None:
    for match in pattern.finditer(name):
        try:
            return datetime(*(int(part or 0) for part in match.groups()))
        except ValueError:
            continue
    return None


def _workbook_time(opener: Callable[[], BinaryIO]) -> datetime | None:
    """Time of the last change as the workbook's properties tell it, which is UTC."""
    try:
        with opener() as stream, zipfile.ZipFile(stream) as book, book.open("docProps/core.xml") as part:
            text = ElementTree.fromstring(part.read(1 << 16)).findtext(_MODIFIED)
        time = datetime.fromisoformat(text.strip().replace("Z", "+00:00")) if text else None
    except (zipfile.BadZipFile, KeyError, ValueError, SyntaxError, OSError, DefusedXmlException):
        return None
    if time is None:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(ZONE).replace(tzinfo=None)
