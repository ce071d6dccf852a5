"""Features of texts: every rule of ``kpi/privacy/text.py`` with a row of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi.privacy import text as texts
from kpi.privacy.keys import PrivacyError, Pseudonymiser, Secret
from kpi.privacy.text import TextReader, normalise, words

TERMS = texts.read_list(texts.WORDS / "terms.txt")
CONTENT = Pseudonymiser(Secret(b"a secret of the tests, long enough")).content


@pytest.fixture(scope="module")
def reader() -> TextReader:
    return TextReader(CONTENT)


@pytest.mark.parametrize(
    ("why", "text", "expected"),
    [
        ("clean text stays", "面膜好用", "面膜好用"),
        ("case and full width", "ＶＩＰ 会员", "vip会员"),
        ("mention before a space", "@小美 在吗", "在吗"),
        ("mention, code and link behind a space", "在吗 @小美 [强] www.a.cn/x", "在吗"),
        ("mention before U+2005, with a space in the name", "@小 美\u2005在吗", "在吗"),
        ("two mentions", "@小美\u2005@小红\u2005谢谢", "谢谢"),
        ("full-width mention", "＠小美 在吗", "在吗"),
        ("a mention nothing ends stays as text", "找@小美", "找小美"),
        ("a link, and Chinese right behind it", "看https://a.cn/x?y=1这个", "看这个"),
        ("a code of an emoji", "好[微笑]的[Smile]", "好的"),
        ("square brackets around a sentence are no code", "[今天晚上八点开始直播抢券]", "今天晚上八点开始直播抢券"),
        ("emoji, also joined ones", "好👨‍👩‍👧的👍🏻", "好的"),
        ("punctuation and white space", " 好，的！\n 呀… ", "好的呀"),
        ("digits stay", "5折起", "5折起"),
        ("nothing left", "👍 [强] …", ""),
    ],
)
def test_normalise(why: str, text: str, expected: str) -> None:
    assert normalise(text) == expected, why


@pytest.mark.parametrize(
    ("why", "text", "expected"),
    [
        ("the head of a chain", "#接龙 周五拼团", True),
        ("full-width head", "＃接龙\n1. 小明", True),
        ("numbered lines", "周五拼团\n1. 小明 2份\n2. 小红 1份", True),
        ("Chinese numbering", "1、小明\n2、小红", True),
        ("one numbered line is a sentence", "1. 小明 2份", False),
        ("decimals are prices", "3.5折\n4.5折", False),
        ("talk about a chain", "今天有接龙吗", False),
        ("a plain text", "好的", False),
    ],
)
def test_solitaire(reader: TextReader, why: str, text: str, expected: bool) -> None:
    assert reader.features(text).is_solitaire is expected, why


@pytest.mark.parametrize(
    ("why", "text", "expected"),
    [
        ("a stop phrase", "收到", True),
        ("with punctuation and a mention", "@小美 收到！！", True),
        ("normalised like the list", "＋１", True),
        ("more than a stop phrase", "收到货了", False),
        ("nothing left is no phrase", "👍", False),
    ],
)
def test_stop_phrase(reader: TextReader, why: str, text: str, expected: bool) -> None:
    assert reader.features(text).is_stop_phrase is expected, why


@pytest.mark.parametrize(
    ("why", "text", "expected"),
    [
        ("in order of first occurrence, once each", "眼霜和面膜，面膜什么时候发货", "眼霜 面膜 发货"),
        ("a word of one's own holds together", "敏感肌孕妇可用吗", "敏感肌 孕妇可用"),
        ("what punctuation parts is no word", "快，递来", ""),
        ("a code of an emoji is no term", "[价格]", ""),
        ("none", "今天天气真好", ""),
    ],
)
def test_terms(reader: TextReader, why: str, text: str, expected: str) -> None:
    assert reader.features(text).terms == expected, why


@pytest.mark.parametrize(
    ("why", "text", "expected"),
    [
        ("praise", "这个真的很棒", 1),
        ("complaint", "太贵了", -1),
        ("neither", "什么时候发货", 0),
        ("one against one", "喜欢但是太贵", 0),
        ("more praise", "喜欢，满意，就是太贵", 1),
        ("不 before praise", "我不喜欢", -1),
        ("没 before praise", "没惊喜", -1),
        ("没有 before praise", "没有惊喜", -1),
        ("别 before a complaint", "别失望", 1),
        ("不太 before a complaint", "味道不太难闻", 1),
        ("a negation elsewhere does not count", "不过我喜欢", 1),
        ("empty", "👍", 0),
    ],
)
def test_polarity(reader: TextReader, why: str, text: str, expected: int) -> None:
    assert reader.features(text).polarity == expected, why


def test_equal_content_has_equal_hash_and_an_empty_one_none(reader: TextReader) -> None:
    first, second, other = map(reader.features, ("@小美 面膜 好用！", "面膜好用", "面膜好"))
    assert first.content_hash == second.content_hash == CONTENT("面膜好用") != other.content_hash
    assert (first.length, reader.features("👍").content_hash) == (4, "")


def test_every_term_and_word_of_tone_is_found_alone(reader: TextReader) -> None:
    assert [reader.features(term).terms for term in words("terms")] == list(words("terms"))
    assert {reader.features(word).polarity for word in words("positive")} == {1}
    assert {reader.features(word).polarity for word in words("negative")} == {-1}
    assert {reader.features(phrase).is_stop_phrase for phrase in words("stop_phrases")} == {True}
    assert "孕妇可用" in TERMS


def test_own_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "terms.txt").write_text("# 词\n云朵霜  # 新品\n\n云朵霜\n大家\n", encoding="utf-8-sig")
    monkeypatch.setenv(texts.PLACE, str(tmp_path))
    assert words("terms") == ("云朵霜", "大家")
    assert words("positive") == texts.read_list(texts.WORDS / "positive.txt")
    assert TextReader(CONTENT).features("大家的云朵霜和面膜").terms == "云朵霜"  # 大家 is a stop word


def test_lists_that_cannot_be_used_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(texts.PLACE, str(tmp_path / "none"))
    with pytest.raises(PrivacyError, match="no such folder"):
        words("terms")
    monkeypatch.setenv(texts.PLACE, str(tmp_path))
    (tmp_path / "positive.txt").write_text("面膜\n", encoding="utf-8")
    with pytest.raises(PrivacyError, match=r"two of the lists.*面膜"):
        TextReader(CONTENT)
    (tmp_path / "positive.txt").write_bytes("棒".encode("gbk"))
    with pytest.raises(PrivacyError, match="not UTF-8"):
        TextReader(CONTENT)


ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=60)


@settings(max_examples=300, deadline=None)
@given(ANY_TEXT)
def test_any_text_is_read_and_normalising_again_changes_nothing_that_shows(text: str) -> None:
    reader = _one_reader()
    features = reader.features(text)
    plain = normalise(text)
    assert features.length == len(plain)
    assert not any(c.isspace() for c in plain)
    assert features.polarity in (-1, 0, 1)
    assert set(features.terms.split()) <= set(TERMS)


def _one_reader(made: list[TextReader] = []) -> TextReader:  # noqa: B006 - made once for all examples
    if not made:
        made.append(TextReader(CONTENT))
    return made[0]
