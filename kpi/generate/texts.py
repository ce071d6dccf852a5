"""Texts of the messages: Chinese sentences made to measure.

A text is composed of what its landed row says: length, terms, tone, sign-up chain, set phrase. Between
the words stand borders and decorations (punctuation, emoji, a mention, a link) which normalisation
takes out again. Equal content ids give equal texts, different ones different texts: behind the words
stands the id, in digits where there is room and in characters that no word list uses where there is
none. The rules are written down in the decision record of the original files; what reads texts
(kpi/privacy) shares the word lists with this module and nothing else.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from kpi.generate.names import person_name
from kpi.privacy.text import WORDS, read_list

SOLITAIRE = "接龙"
SERIAL = 2  # characters that hold a content id where there is no room for digits
DIGITS = 7
EMPTY = 1 << 41  # content id of all texts of which nothing is left
SHORT = 1 << 42  # content ids of one character: SHORT + running number
PLACED = 1 << 40  # content ids of the hand-placed messages begin here

FILLERS = (
    "呢", "呀", "啦", "嘛", "哈", "这款", "今天", "群里", "昨天下单", "想问一下", "周末", "颜色", "我家", "老样子",
    "给大家看看", "姐妹们", "链接在哪里", "怎么用", "晚上", "早晚各一次", "第二件", "有人试过吗", "敷十分钟",
    "室友也在用", "坐等", "上周", "刚到家", "帮我看看", "要两盒", "几点开始", "新来的", "在小区门口", "明天", "下个月",
)  # fmt: skip
BORDERS = ("，", "。", "！", "～", " ", "、", "…", "？")
EMOJI = ("😊", "👍", "🎉", "❤️", "[微笑]", "[玫瑰]", "😂", "🙏", "[强]", "🌸")
_CJK = 0x4E00, 0x9FA5


class Text(NamedTuple):
    """``shown`` as people see it, ``plain`` as it is measured and hashed."""

    shown: str
    plain: str


def word_list(name: str) -> tuple[str, ...]:
    """Words of a list of kpi/privacy/words, in the order of its file; a project's own lists do not count here."""
    return read_list(WORDS / f"{name}.txt")


@lru_cache(maxsize=1)
def set_phrases() -> tuple[str, ...]:
    """Set phrases in characters, without a term or a word of tone in them."""
    told = [*word_list("terms"), *word_list("positive"), *word_list("negative")]
    return tuple(p for p in word_list("stop_phrases") if p == p.strip() and not any(word in p for word in told))


@lru_cache(maxsize=2)
def tones(sign: int) -> tuple[str, ...]:
    """Words of praise (1) or complaint (-1) of two characters."""
    return tuple(word for word in word_list("positive" if sign > 0 else "negative") if len(word) == 2)


@lru_cache(maxsize=1)
def _alphabet() -> str:
    """Characters that occur in no list and in nothing else that is composed here; common ones first."""
    lists = ("terms", "positive", "negative", "stop_phrases", "stop_words", "dictionary")
    used = {c for name in lists for word in word_list(name) for c in word}
    used |= {c for filler in FILLERS for c in filler} | set(SOLITAIRE) | set("不没别太是够有也很特")
    common = [bytes((row, cell)).decode("gb2312", "ignore") for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF)]
    every = [*common, *(chr(c) for c in range(_CJK[0], _CJK[1] + 1))]
    return "".join(dict.fromkeys(c for c in every if len(c) == 1 and c not in used))


def room(terms: str, polarity: int, solitaire: bool) -> int:
    """Least length of a text with these words that can still tell its content id."""
    return len(terms.replace(" ", "")) + 2 * (polarity != 0) + len(SOLITAIRE) * solitaire + SERIAL


def least_lengths(terms: list[str], index: np.ndarray, polarity: np.ndarray, solitaire: np.ndarray) -> np.ndarray:
    """(n,) ``room`` of n texts; ``index`` are their places in ``terms``."""
    width = np.array([len(words.replace(" ", "")) for words in terms])
    return width[index] + 2 * (polarity != 0) + len(SOLITAIRE) * (solitaire == 1) + SERIAL


def compose(
    content: int, length: int, terms: str = "", polarity: int = 0, solitaire: bool = False, stop: int = -1
) -> Text:
    """The text of a content id.

    content: unique number. length: characters after normalising. terms: words of the term list, joined
    by a space. polarity: -1, 0 or 1. solitaire: entry of a sign-up chain. stop: place of the set phrase
    in ``set_phrases``, -1 for an ordinary text. Raises ValueError when the length is below ``room``.
    """
    turn = content * 2_654_435_761 % 2**32
    if stop >= 0:
        phrase = set_phrases()[stop]
        return Text(phrase + ("！", "", "。", EMOJI[turn % len(EMOJI)])[turn >> 8 & 3], phrase)
    if length == 0:
        return Text(EMOJI[turn % len(EMOJI)] * (1 + turn % 3), "")
    if length == 1:
        mark = _alphabet()[content - SHORT]
        return Text(mark + ("", "？", "！")[turn % 3], mark)
    if length < room(terms, polarity, solitaire):
        raise ValueError(f"content {content}: {length} characters do not hold {terms!r}, tone {polarity} and an id")
    left = length - room(terms, polarity, solitaire) + SERIAL
    pieces = terms.split()
    if polarity:
        words = tones(polarity)
        pieces.insert(turn % (len(pieces) + 1) if polarity > 0 else len(pieces), words[(turn >> 5) % len(words)])
    digits = f"{content:07d}" if left >= DIGITS + 2 and content < 10**DIGITS else ""
    left -= len(digits) or _width(content)
    pieces = [*_fill(left, turn), *pieces, digits or _serial(content)]
    plain = (SOLITAIRE if solitaire else "") + "".join(pieces)
    return Text(_dressed(pieces, turn, solitaire), plain)


def _width(content: int) -> int:
    """Characters of an id: two up to some ten millions, four above."""
    return SERIAL if content < len(_alphabet()) ** SERIAL else 2 * SERIAL


def _serial(content: int) -> str:
    alphabet, out = _alphabet(), ""
    for _ in range(_width(content)):
        content, place = divmod(content, len(alphabet))
        out += alphabet[place]
    return out


def _fill(left: int, turn: int) -> list[str]:
    """Fragments of ``left`` characters together."""
    out = []
    while left > 0:
        turn = (turn * 1_103_515_245 + 12_345) % 2**31
        fit = [f for f in FILLERS if len(f) <= left] if left < 5 else FILLERS
        out.append(fit[(turn >> 8) % len(fit)])
        left -= len(out[-1])
    return out


def _dressed(pieces: list[str], turn: int, solitaire: bool) -> str:
    """Pieces with borders between them and, now and then, what normalisation takes out."""
    shown = ""
    for k, piece in enumerate(pieces):
        border = BORDERS[(turn >> (3 * (k % 9))) % len(BORDERS)]
        shown += piece + (border if k + 1 < len(pieces) else "")
    if turn % 11 == 3:
        shown = f"@{person_name(turn % 9_973)}\u2005{shown}"
    if turn % 7 == 2:
        shown += EMOJI[(turn >> 4) % len(EMOJI)]
    if turn % 53 == 5:
        shown += f" https://shop.example.com/g/{turn:08x} "
    return f"#{SOLITAIRE}\n{shown}" if solitaire else shown
