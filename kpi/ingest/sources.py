"""The files of a directory, with those inside archives, and which of them are refused.

A file's name and its archive are looked at, its content only as far as is needed to refuse it. What the content is
tells ``kpi.ingest.decode``.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from kpi.ingest.limits import Limits, Refused
from kpi.ingest.stamps import exported_at

CHUNK = 1 << 20
HEAD = 1 << 16

__all__ = ["Limits", "Refused", "Source", "Sources", "find_sources"]


@dataclass(frozen=True)
class Source:
    """One file to read, from the directory or from an archive in it.

    Attributes:
        name: ``_source_file``: path in the directory with ``/``; a member is ``archive.zip/member``, a ``.gz`` is
            named without it.
        size: Bytes, unpacked; for ``.gz`` what its trailer says, which is modulo 4 GiB.
        exported_at: ``YYYY-MM-DD HH:MM:SS`` in Asia/Shanghai, as far as it can be told without reading records.
            A time inside a file goes before it: see ``Landed``.
        exported_from: Where that was read: file_name, document_properties, archive_member, date_in_name, mtime.
        mtime: Last change of the file (of the archive for a member), as ``exported_at``.
        path: The file on disk, which may be the archive.
    """

    name: str
    size: int
    exported_at: str
    exported_from: str
    mtime: str
    path: Path
    opener: Callable[[], BinaryIO] = field(repr=False, compare=False)

    def open(self) -> BinaryIO:
        """A new stream of the bytes, unpacked. Raises Refused while reading where a limit is passed."""
        return self.opener()

    @cached_property
    def sha256(self) -> str:
        """Hex digest of the unpacked bytes, in one pass of 1 MiB pieces. Raises Refused as ``open`` does."""
        digest = hashlib.sha256()
        with self.open() as stream:
            while piece := stream.read(CHUNK):
                digest.update(piece)
        return digest.hexdigest()

    def head(self, size: int = HEAD) -> bytes:
        """The first bytes."""
        with self.open() as stream:
            return stream.read(size)


class Sources(Iterator[Source]):
    """Iterates over the files in the order of their names.

    Attributes:
        refused: What is not read, complete once the iteration is over.
        ignored: Names of hidden files and of lock files of Office (``~$…``).
    """

    def __init__(self, directory: Path, limits: Limits) -> None:
        self.refused: list[Refused] = []
        self.ignored: list[str] = []
        self._limits = limits
        self._names: set[str] = set()
        self._found = self._walk(Path(directory), "")

    def __next__(self) -> Source:
        for source in self._found:
            try:
                self._admit(source)
            except Refused as refused:
                self.refused.append(refused)
            else:
                return source
        raise StopIteration

    def _admit(self, source: Source) -> None:
        if source.name in self._names:
            raise Refused(source.name, "duplicate_name", "another file of this name was read; rename or remove one")
        self._names.add(source.name)
        if source.size > self._limits.max_bytes:
            raise Refused(source.name, "too_large", f"{source.size} bytes, allowed are {self._limits.max_bytes}")
        head = source.head()
        if head and not head.strip(b"\0"):
            raise Refused(source.name, "nul", "holds NUL bytes only: a broken download or copy; fetch it again")

    def _walk(self, directory: Path, prefix: str) -> Iterator[Source]:
        for entry in sorted(os.scandir(directory), key=lambda found: found.name):
            name = prefix + _file_name(entry.name)
            if entry.name.startswith((".", "~$")):
                self.ignored.append(name)
                continue
            try:
                yield from self._entry(Path(entry.path), name)
            except Refused as refused:
                self.refused.append(refused)
            except OSError as error:
                self.refused.append(Refused(name, "unreadable", f"cannot be read: {error.strerror or 'damaged'}"))

    def _entry(self, path: Path, name: str) -> Iterator[Source]:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            raise Refused(name, "symlink", "is a symbolic link, which is not followed; copy the file itself here")
        if stat.S_ISDIR(status.st_mode):
            yield from self._walk(path, name + "/")
        elif not stat.S_ISREG(status.st_mode):
            raise Refused(name, "not_a_file", "is a device, pipe or socket, not a file")
        elif _starts(path, b"\x1f\x8b"):
            yield _gz(path, name, self._limits)
        elif _is_archive(path, name, self._limits):
            yield from _members(path, name, self._limits, self.refused, self.ignored)
        else:
            yield _plain(path, name, status.st_size)


def find_sources(directory: Path, limits: Limits | None = None) -> Sources:
    """The files of a directory and of the archives in it.

    Symbolic links, devices, members with absolute or ``..`` paths, encrypted members, archives in archives, zip
    bombs and files of NULs are refused: they are in ``refused`` and the iteration goes on. An archive with one bad
    member is refused whole. The directory itself may be a link.

    Args:
        directory: What people dropped.
        limits: Sizes; the defaults when None.

    Raises:
        NotADirectoryError: ``directory`` is none.
    """
    if not Path(directory).is_dir():
        raise NotADirectoryError(directory)
    return Sources(directory, limits or Limits())


def _starts(path: Path, magic: bytes) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(magic)) == magic


def _is_archive(path: Path, name: str, limits: Limits) -> bool:
    """A zip that is not itself a document: xlsx is a zip too, and as such no larger than any other may be."""
    if not _starts(path, b"PK\x03\x04") and not _starts(path, b"PK\x05\x06"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            if "[Content_Types].xml" not in archive.namelist():
                return True
            _refuse_bomb(name, sum(info.file_size for info in archive.infolist()), path.lstat().st_size, limits)
            return False
    except zipfile.BadZipFile as error:
        raise Refused(name, "damaged", "is a damaged archive or workbook; fetch it again") from error


def _made(name: str, path: Path, size: int, member: datetime | None, opener: Callable[[], BinaryIO]) -> Source:
    mtime = path.lstat().st_mtime
    stamp, origin, changed = exported_at(name, mtime, member, opener)
    return Source(name, size, stamp, origin, changed, path, opener)


def _plain(path: Path, name: str, size: int) -> Source:
    return _made(name, path, size, None, lambda: path.open("rb"))


def _gz(path: Path, name: str, limits: Limits) -> Source:
    shown = name[:-3] if name.lower().endswith(".gz") else name
    with path.open("rb") as stream:
        packed = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, packed - 4))
        size = struct.unpack("<I", stream.read(4).rjust(4, b"\0"))[0]

    def opener() -> BinaryIO:
        unpacked = _Bounded(gzip.GzipFile(path, "rb"), shown, packed, limits)
        return cast(BinaryIO, io.BufferedReader(unpacked, CHUNK))

    return _made(shown, path, size, None, opener)


class _Bounded(io.RawIOBase):
    """A stream that counts what it unpacks and refuses a bomb before it fills anything."""

    def __init__(self, stream: BinaryIO | gzip.GzipFile, name: str, packed: int, limits: Limits) -> None:
        self._stream, self._name, self._packed, self._limits = stream, name, max(packed, 1), limits
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            piece = self._stream.read(len(buffer))
        except (EOFError, OSError, zipfile.BadZipFile, zlib.error) as error:
            raise Refused(self._name, "damaged", "is a damaged archive; fetch it again") from error
        self._count += len(piece)
        _refuse_bomb(self._name, self._count, self._packed, self._limits)
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _refuse_bomb(name: str, unpacked: int, packed: int, limits: Limits) -> None:
    if unpacked > limits.max_bytes:
        raise Refused(name, "too_large", f"unpacks to more than the allowed {limits.max_bytes} bytes")
    if unpacked > limits.bomb_bytes and unpacked > limits.max_ratio * max(packed, 1):
        raise Refused(name, "bomb", f"unpacks to more than {limits.max_ratio} times its size, as a zip bomb does")


def _members(path: Path, name: str, limits: Limits, refused: list[Refused], ignored: list[str]) -> Iterator[Source]:
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise Refused(name, "damaged", "is a damaged archive; fetch it again") from error
    infos = [info for info in archive.infolist() if not info.is_dir()]
    for info in infos:
        _check_member(name, info)
    _refuse_bomb(name, sum(info.file_size for info in infos), path.lstat().st_size, limits)
    for info in sorted(infos, key=lambda found: found.filename):
        member = f"{name}/{_member_name(info)}"
        if any(part.startswith((".", "~$", "__MACOSX")) for part in PurePosixPath(_member_name(info)).parts):
            ignored.append(member)
            continue
        try:
            yield _member(archive, path, info, member, limits)
        except Refused as found:
            refused.append(found)


def _file_name(name: str) -> str:
    """The name of a file as text: unpacked on Linux, names from Windows stay in GBK, and others are plain damage."""
    try:
        name.encode()
    except UnicodeEncodeError:
        raw = os.fsencode(name)
        try:
            return raw.decode("gb18030")
        except UnicodeDecodeError:
            return raw.decode("utf-8", "replace")
    return name


def _member_name(info: zipfile.ZipInfo) -> str:
    """Windows writes Chinese names in GBK without saying so; zipfile then reads them as code page 437."""
    name = info.filename
    if not info.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("gb18030")
        except UnicodeError:
            name = info.filename
    return name.replace("\\", "/")


def _check_member(name: str, info: zipfile.ZipInfo) -> None:
    shown = _member_name(info)
    parts = PurePosixPath(shown).parts
    if shown.startswith("/") or ".." in parts or (parts and parts[0].endswith(":")) or "\0" in shown:
        raise Refused(name, "path", "a member has an absolute path or one with `..`, which is not followed")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise Refused(name, "symlink", "a member is a symbolic link, which is not followed")
    if info.flag_bits & 0x1:
        raise Refused(name, "encrypted", "a member has a password; unpack it and drop the files")
    if shown.lower().endswith((".zip", ".gz", ".rar", ".7z", ".tar", ".tgz")):
        raise Refused(name, "nested", "holds another archive; unpack it and drop the files")


def _member(archive: zipfile.ZipFile, path: Path, info: zipfile.ZipInfo, name: str, limits: Limits) -> Source:
    def opener() -> BinaryIO:
        try:
            stream = archive.open(info)
        except (zipfile.BadZipFile, NotImplementedError, OSError) as error:
            raise Refused(name, "damaged", "cannot be unpacked; fetch the archive again") from error
        bounded = _Bounded(cast(BinaryIO, stream), name, info.compress_size, limits)
        return cast(BinaryIO, io.BufferedReader(bounded, CHUNK))

    try:
        time = datetime(*info.date_time)
    except ValueError:
        time = None
    if time is not None and time.year <= 1980:  # what archives write that know no time
        time = None
    source = _made(name, path, info.file_size, time, opener)
    with source.open() as stream:
        if stream.read(4) == b"PK\x03\x04" and not name.lower().endswith((".xlsx", ".xlsm")):
            raise Refused(name, "nested", "is an archive in an archive; unpack it and drop the files")
    return source
