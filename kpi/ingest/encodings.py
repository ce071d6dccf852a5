"""Which encoding the bytes of a text file are in, and the same as a stream of UTF-8.

UTF-8 and UTF-16 with or without a byte order mark, and GB18030 (which GBK and GB2312 are part of). Bytes that do not
fit are replaced by U+FFFD and counted, so that the record they stand in can be set aside.
"""

from __future__ import annotations

import codecs
import io
from typing import BinaryIO

REPLACEMENT = "\ufffd"
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def detect(head: bytes) -> str:
    """Name of the codec: utf-8, utf-8-sig, utf-16, utf-16-le, utf-16-be, gb18030, or ascii when nothing tells yet.

    Args:
        head: The first bytes of the file, some KiB at least; the last character may be cut.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if name := _utf16(head):
        return name
    lines = [line for line in head.split(b"\n") if not line.isascii()]
    if not lines:
        return "ascii"
    utf8 = [line for line in lines if _fits(line, "utf-8")]
    if len(utf8) * 2 < len(lines) and sum(_fits(line, "gb18030") for line in lines) > len(utf8):
        return "gb18030"
    return "gb18030" if utf8 and not any(_tells_utf8(line) for line in utf8) else "utf-8"


def _tells_utf8(line: bytes) -> bool:
    """Whether a line that is UTF-8 is hardly GB18030 too.

    A few Chinese characters in GB18030 are also UTF-8, as two-byte letters that no Chinese file holds: 群 reads Ⱥ.
    Three-byte characters, and signs like ¥ and ·, speak for UTF-8.
    """
    text = codecs.getincrementaldecoder("utf-8")().decode(line, final=False)
    return max(line) >= 0xE0 or not _fits(line, "gb18030") or all(char <= "\u00bf" for char in text)


def _utf16(head: bytes) -> str | None:
    """Text of which every other byte of the ASCII part is NUL."""
    even, odd = head[0:512:2].count(0), head[1:512:2].count(0)
    if max(even, odd) * 4 < min(len(head), 512) // 2 or even == odd:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _fits(line: bytes, codec: str) -> bool:
    """Whether a line, perhaps cut at its end, is text of that encoding."""
    try:
        codecs.getincrementaldecoder(codec)().decode(line, final=False)
    except UnicodeDecodeError:
        return False
    return True


class Utf8Stream(io.RawIOBase):
    """The bytes of a file as UTF-8, without a byte order mark.

    Attributes:
        damaged: Pieces so far that held bytes which fit no character.
    """

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._undecided = encoding == "ascii"
        codec = "utf-8" if self._undecided else encoding
        self._decoder = codecs.getincrementaldecoder(codec)("replace")
        self._left = b""
        self._end = False
        self.damaged = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer with UTF-8."""
        while not self._left and not self._end:
            piece = self._stream.read(1 << 16)
            self._end = not piece
            self._left = self._decoded(piece)
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

    def _decoded(self, piece: bytes) -> bytes:
        if self._undecided and not piece.isascii():
            # ASCII until here: this piece tells which encoding it is
            self._undecided = False
            self._decoder = codecs.getincrementaldecoder(detect(piece))("replace")
        text = self._decoder.decode(piece, final=not piece)
        if REPLACEMENT in text:
            self.damaged += 1
        return text.encode("utf-8", "replace")

    def close(self) -> None:
        """Close the file too."""
        self._stream.close()
        super().close()
