"""What is kept of a text: measurements and words of a fixed list. The text itself goes no further.

A text is **normalised**: Unicode form NFKC, lower case; then mentions (``@name`` up to the space or U+2005 that WeChat
puts behind it), links, emoji codes (``[表情]``, ``[微笑]``: up to 10 characters in square brackets), emoji, punctuation
and white space are taken out. Letters, digits and characters stay.

* ``length``: characters of the normalised text.
* ``content_hash``: its keyed hash, equal for equal normalised texts; empty when nothing is left.
* ``is_solitaire``: an entry of a sign-up chain (接龙): the text begins with ``#接龙``, or two or more of its lines
  begin with a number and a dot, comma or bracket (``1. 小明 2份``). One such line may be a price or a date.
* ``is_stop_phrase``: the whole normalised text equals a normalised stop phrase.
* ``terms``: words of the term list that segmentation finds, in the order in which they occur first, once each. A term
  inside of a longer word of the dictionary is not found.
* ``polarity``: positive words less negative words among the segments, as -1, 0 or 1. A word right behind 不, 没, 别
  (也不, 特别不), or behind 没有, 不太, 不是, 不够, counts the other way round: 没有惊喜 complains, 不太难闻 praises.

Segmentation is jieba's dictionary (rjieba) with the terms, the words of tone and ``dictionary.txt`` added; its hidden
Markov model is off: it invents words out of characters that no list holds, names among them, and moves borders when the
model is retrained. What was punctuation stays a border.

The lists are data, in ``kpi/privacy/words``; a project's own folder is named by ``COMMUNITY_METRICS_WORDS``, and a list
that it lacks is taken from here. One word a line, UTF-8, ``#`` begins a comment.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from kpi.privacy.keys import PrivacyError

PLACE = "COMMUNITY_METRICS_WORDS"
WORDS = Path(__file__).with_name("words")
LISTS = ("terms", "stop_phrases", "positive", "negative", "dictionary", "stop_words")
WEIGHT = 200_000  # of an own word; jieba's commonest have 300,000: strong enough to hold its characters together
# before NFKC, which turns U+2005 into a space: names hold spaces themselves
_MENTION_NAME = re.compile(r"@[^@\u2005\n]{1,40}\u2005")
_SPECIAL = re.compile(
    r"https?://[!-~]+|www\.[!-~]+"  # links end where ASCII ends: 链接后面的中文不算
    r"|@[^\s@]{1,40}(?=\s)"
    r"|\[[^\[\]\n]{1,10}\]"
)
_NOISE = re.compile(r"[\W_]+")
_CLEAN = re.compile(r"[0-9a-z\u4e00-\u9fff]*")  # nothing to take out: most chat texts
_CHAIN_LINE = re.compile(r"^\s*\d{1,4}\s*[.、,:)](?!\d)", re.MULTILINE)
_NOT = ("不", "没", "别", "没有", "不太", "不是", "不够")


class TextFeatures(NamedTuple):
    """What is kept of a text, see the module."""

    length: int
    content_hash: str
    is_solitaire: bool
    is_stop_phrase: bool
    terms: str
    polarity: int


def words(name: str) -> tuple[str, ...]:
    """A list of words, in the order of its file, each once.

    Raises:
        PrivacyError: when the folder of the project's own lists is missing or a file is not UTF-8.
    """
    own = Path(named) if (named := os.environ.get(PLACE)) else None
    if own is not None and not own.is_dir():
        raise PrivacyError(f"{own}: no such folder; {PLACE} names a folder with lists of words ({', '.join(LISTS)}).")
    path = own / f"{name}.txt" if own and (own / f"{name}.txt").exists() else WORDS / f"{name}.txt"
    return read_list(path)


def read_list(path: Path) -> tuple[str, ...]:
    """The words of one file, see ``words``."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise PrivacyError(f"{path}: not UTF-8 (byte {error.start}). Save the list as UTF-8.") from error
    found = (line.partition("#")[0].strip() for line in lines)
    return tuple(dict.fromkeys(word for word in found if word))


def _spaced(text: str) -> str:
    """The text with a space for whatever is taken out."""
    if _CLEAN.fullmatch(text):
        return text
    if "@" in text:
        text = _MENTION_NAME.sub(" ", text)
    # asking whether there is anything to do costs a fifth of doing it
    low = (text if unicodedata.is_normalized("NFKC", text) else unicodedata.normalize("NFKC", text)).lower()
    if "@" in low or "[" in low or "//" in low or "www." in low:
        low = _SPECIAL.sub(" ", low)
    return _NOISE.sub(" ", low)


def normalise(text: str) -> str:
    """The text as it is measured, hashed and compared; see the module."""
    return _spaced(text).replace(" ", "")


def is_solitaire(text: str) -> bool:
    """Whether a text is an entry of a sign-up chain; see the module."""
    if "接" not in text and "\n" not in text:
        return False
    plain = unicodedata.normalize("NFKC", text).lstrip()
    return plain.startswith(("#接龙", "# 接龙")) or len(_CHAIN_LINE.findall(plain)) > 1


class TextReader:
    """Reads features of texts; see the module for the rules."""

    def __init__(self, content: Callable[[str], str]) -> None:
        """Load the lists of words.

        Args:
            content: makes the keyed hash of a normalised text, ``Pseudonymiser.content``.

        Raises:
            PrivacyError: when a list cannot be read, or a word has two tones or is a term and has a tone.
        """
        from rjieba import Jieba  # 40 MB of dictionary, only for those who read texts

        stop_words = set(words("stop_words"))
        self._terms = {normalise(term): term for term in words("terms") if term not in stop_words}
        self._stop = frozenset(normalise(phrase) for phrase in words("stop_phrases"))
        positive, negative = ({normalise(word) for word in words(name)} for name in ("positive", "negative"))
        if twice := (positive & negative) | ((positive | negative) & self._terms.keys()):
            raise PrivacyError(f"words in two of the lists terms, positive, negative: {' '.join(sorted(twice))}")
        tone = dict.fromkeys(positive, 1) | dict.fromkeys(negative, -1)
        self._jieba = Jieba()
        for word in {*self._terms, *tone, *map(normalise, words("dictionary"))}:
            self._jieba.add_word(word, WEIGHT, None)
        # the dictionary keeps some words together with their negation
        self._tone = {f"{no}{word}": -sign for word, sign in tone.items() for no in "不没别"} | tone
        self._content = content
        self.features = lru_cache(maxsize=1 << 14)(self._features)  # greetings and copied adverts come often

    def _features(self, text: str) -> TextFeatures:
        spaced = _spaced(text)
        plain = spaced.replace(" ", "")
        if not plain:
            return TextFeatures(0, "", is_solitaire(text), False, "", 0)
        segments = self._jieba.cut(spaced, hmm=False)
        terms = self._terms
        found = [terms[segment] for segment in segments if segment in terms]
        return TextFeatures(
            len(plain),
            self._content(plain),
            is_solitaire(text),
            plain in self._stop,
            " ".join(dict.fromkeys(found)) if found else "",
            0 if self._tone.keys().isdisjoint(segments) else self._polarity(segments),
        )

    def _polarity(self, segments: list[str]) -> int:
        score, before = 0, ""
        for segment in segments:
            if tone := self._tone.get(segment):
                score += -tone if before.endswith(_NOT) else tone
            before = before[-2:] + segment
        return (score > 0) - (score < 0)
