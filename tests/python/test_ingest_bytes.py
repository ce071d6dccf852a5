"""Encodings, cut and damaged files, and files that are refused."""

from __future__ import annotations

import dataclasses
import gzip
import io
import os
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from ingesting import decoded, json_text, read, write

from kpi.ingest.limits import Limits, Refused
from kpi.ingest.sources import Source, find_sources
from kpi.ingest.units import in_unit

LINK = {"external_userid": "wmA", "chat_id": "群", "click_time": 1761933046807, "link_id": "lk1", "link_type": "live"}
EVENT = (
    "<xml><Event>change_external_chat</Event><ChangeType>update</ChangeType><CreateTime>1761926400</CreateTime>"
    "<ChatId>群甲</ChatId></xml>"
)
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"]


# ---------------------------------------------------------------- encodings
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("form", ["lines", "document", "xml"])
def test_every_encoding_gives_the_same_text(tmp_path: Path, encoding: str, form: str) -> None:
    text = {"lines": json_text(LINK) + "\n" + json_text(LINK), "document": f"[\n{json_text(LINK)}\n]", "xml": EVENT}[
        form
    ]
    found = decoded(tmp_path, f"{form}.txt", text.encode(encoding))
    export, column = ("wecom__group_events", "ChatId") if form == "xml" else ("scrm__link_clicks", "chat_id")
    assert found.rows[export][0][column] == ("群甲" if form == "xml" else "群")
    assert found.rejected == []


def test_an_encoding_that_shows_only_far_into_the_file_is_found(tmp_path: Path) -> None:
    ascii_line = json_text({**LINK, "chat_id": "wrA"})
    text = "\n".join([ascii_line] * 2000 + [json_text(LINK)])
    found = decoded(tmp_path, "late.jsonl", text.encode("gb18030"))
    assert found.rows["scrm__link_clicks"][-1]["chat_id"] == "群"


def test_a_line_with_bytes_of_no_character_is_set_aside_and_the_others_land(tmp_path: Path) -> None:
    good, bad = json_text(LINK).encode(), json_text({**LINK, "chat_id": "@"}).encode().replace(b"@", b"\xff\xfe\xff")
    found = decoded(tmp_path, "bad.jsonl", b"\n".join([good, bad, good]))
    assert len(found.rows["scrm__link_clicks"]) == 2
    assert found.full["ingest__rejected_rows"][0]["_source_row"] == "2"
    assert found.rejected[0]["problem_reason"] == "undecodable bytes"


def test_half_an_emoji_and_control_characters_do_not_stop_anything(tmp_path: Path) -> None:
    line = json_text(LINK).replace('"lk1"', r'"\ud83d\u0000 19.5"')
    found = decoded(tmp_path, "emoji.jsonl", line + "\n" + json_text(LINK))
    assert len(found.rows["scrm__link_clicks"]) + len(found.rejected) == 2


# ---------------------------------------------------------------- cut and damaged files
def test_what_was_complete_lands_when_a_file_is_cut(tmp_path: Path) -> None:
    array = "[" + ",".join([json_text(LINK)] * 5) + "]"
    found = decoded(tmp_path, "cut.json", array[:-20])
    assert len(found.rows["scrm__link_clicks"]) == 4
    assert "ends in the middle" in found.rejected[0]["problem_reason"]


def test_a_malformed_line_is_named_by_its_number_and_the_rest_goes_on(tmp_path: Path) -> None:
    lines = [LINK, "", '{"external_userid": "wm13800138000"', "17", "NaN", LINK, "[" * 5000]
    found = decoded(tmp_path, "bad.jsonl", lines)
    assert [row["_source_row"] for row in found.full["scrm__link_clicks"]] == ["1", "6"]
    assert [row["_source_row"] for row in found.full["ingest__rejected_rows"]] == ["3", "4", "5", "7"]
    assert found.rejected[0]["problem_value"] == '{"…'  # never the line itself
    assert found.said.account.blank == 1


@pytest.mark.parametrize("inner", ["-9223372036854775809", "1e999", "0." + "1" * 50, "[" * 300 + "]" * 300])
def test_numbers_and_nesting_beyond_the_usual_are_kept_or_set_aside(tmp_path: Path, inner: str) -> None:
    line = json_text(LINK).replace('"lk1"', f"[{inner}]")
    for content in (f"{line}\n{json_text(LINK)}", f"[{line},\n{json_text(LINK)}]"):
        found = decoded(tmp_path, "x.json", content)
        assert len(found.rows["scrm__link_clicks"]) + len(found.rejected) == 2


def test_xml_that_is_nested_too_deeply_is_set_aside(tmp_path: Path) -> None:
    deep = "<xml>" + "<a>" * 50_000 + "</a>" * 50_000 + "</xml>"
    found = decoded(tmp_path, "deep.xml", EVENT + deep + EVENT)
    assert len(found.rows["wecom__group_events"]) == 2
    assert found.rejected[0]["problem_reason"] in ("nested too deeply", "no XML")


def test_the_first_line_may_be_the_malformed_one(tmp_path: Path) -> None:
    found = decoded(tmp_path, "bad.jsonl", ['{"external_userid": "w', LINK, LINK])
    assert len(found.rows["scrm__link_clicks"]) == 2
    assert found.rejected[0]["export_name"] == "scrm__link_clicks"


def test_records_of_another_kind_in_a_known_file_are_set_aside(tmp_path: Path) -> None:
    found = decoded(tmp_path, "mixed.jsonl", [LINK, {"something": 1}])
    assert found.rejected[0]["problem_reason"] == "no layout fits this record"


def test_an_unknown_file_is_told_with_the_nearest_layout(tmp_path: Path) -> None:
    line = {"external_userid": "wmA", "chat_id": "wrA", "click_time": 1, "url": "x"}
    found = decoded(tmp_path, "unknown.jsonl", [line])
    nearest = found.said.unrecognised.nearest[0]
    assert (nearest.export, nearest.missing, nearest.extra) == ("scrm__link_clicks", ("link_id",), ("url",))
    assert found.said.account.read == 0


def test_keys_that_may_be_values_are_hidden(tmp_path: Path) -> None:
    found = decoded(tmp_path, "x.jsonl", [{**LINK, "13800138000": 1, "new_field": 1}])
    assert set(found.said.unknown_columns) == {("scrm__link_clicks", "13…"), ("scrm__link_clicks", "new_field")}


@pytest.mark.parametrize("content", [b"", b"   \n ", b"{", b'{"a": ', b"<xml><a>", b"hello", b"\xff\xd8\xff\xe0"])
def test_files_of_nothing_known_are_told_and_not_read(tmp_path: Path, content: bytes) -> None:
    found = decoded(tmp_path, "x.bin", content)
    assert found.said.unrecognised is not None
    assert found.rows == {}


# ---------------------------------------------------------------- refused while reading
SMALL = Limits(max_cell=2000, max_record=10_000)


@pytest.mark.parametrize("size", [3000, 20_000])
@pytest.mark.parametrize("form", ["{}\n{}", "[{},\n{}]", "[{},{}"])
def test_a_value_beyond_the_limit_is_refused(tmp_path: Path, form: str, size: int) -> None:
    text = form.replace("{}", json_text(LINK), 1).replace("{}", json_text({**LINK, "link_id": "x" * size}))
    with pytest.raises(Refused) as refused:
        decoded(tmp_path, "large.json", text, SMALL)
    assert refused.value.reason == "cell"
    assert "xxx" not in str(refused.value)


class Endless(io.RawIOBase):
    """A gibibyte of x behind a beginning, and how much of it was asked for."""

    def __init__(self, start: bytes) -> None:
        self.start, self.given = start, 0

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: bytearray) -> int:
        """The beginning once, then x."""
        piece = self.start or b"x" * min(len(buffer), max(0, (1 << 30) - self.given))
        self.start = b""
        buffer[: len(piece)] = piece
        self.given += len(piece)
        return len(piece)


@pytest.mark.parametrize("start", [b'{"external_userid":"', b'[{"external_userid":"', b"<xml><Event>"])
def test_an_endless_value_is_refused_without_reading_it(tmp_path: Path, start: bytes) -> None:
    source = Source("e.json", 1 << 30, "2025-11-01 00:00:00", "mtime", "", tmp_path, lambda: Endless(start))
    streams: list[Endless] = []

    def opener() -> io.BufferedReader:
        streams.append(Endless(start))
        return io.BufferedReader(streams[-1])

    limits = Limits(max_record=4 << 20)
    with pytest.raises(Refused) as refused:
        read(dataclasses.replace(source, opener=opener), limits)
    assert refused.value.reason == "cell"
    assert max(stream.given for stream in streams) < 6 << 20


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE x [<!ENTITY a "b">]>' + EVENT.replace("群甲", "&a;"),
        EVENT + '<!DOCTYPE x SYSTEM "file:///etc/passwd">' + EVENT,
    ],
)
def test_entities_and_dtds_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Refused) as refused:
        decoded(tmp_path, "evil.xml", text)
    assert refused.value.reason == "entities"


# ---------------------------------------------------------------- sources
def zipped(members: dict[str, bytes], **more: object) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, date_time=(2025, 11, 2, 2, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            for key, value in more.items():
                setattr(info, key, value)
            archive.writestr(info, content)
    return buffer.getvalue()


def test_members_and_compressed_files_are_sources_of_their_own(tmp_path: Path) -> None:
    line = json_text(LINK).encode()
    write(
        tmp_path,
        {"wecom/a.zip": zipped({"day/msg.jsonl": line, "__MACOSX/x": b"x"}), "b.jsonl.gz": gzip.compress(line)},
    )
    write(tmp_path, {"~$book.xlsx": b"x", ".DS_Store": b"x", ".git/config": b"x", "c.jsonl": line})
    sources = find_sources(tmp_path)
    found = {source.name: source for source in sources}
    assert sorted(found) == ["b.jsonl", "c.jsonl", "wecom/a.zip/day/msg.jsonl"]
    assert len({source.sha256 for source in found.values()}) == 1
    assert found["wecom/a.zip/day/msg.jsonl"].exported_at == "2025-11-02 02:00:00"
    assert found["wecom/a.zip/day/msg.jsonl"].exported_from == "archive_member"
    assert sources.refused == []
    assert len(sources.ignored) == 4
    assert read(found["b.jsonl"]).full["scrm__link_clicks"][0]["_source_file"] == "b.jsonl"


@pytest.mark.parametrize(
    ("members", "more", "reason"),
    [
        ({"../evil.jsonl": b"{}"}, {}, "path"),
        ({"/etc/evil.jsonl": b"{}"}, {}, "path"),
        ({"a/../../evil.jsonl": b"{}"}, {}, "path"),
        ({"C:\\evil.jsonl": b"{}"}, {}, "path"),
        ({"inner.zip": b"PK"}, {}, "nested"),
        ({"inner.dat": zipped({"a": b"b"})}, {}, "nested"),
        ({"link": b"/etc/passwd"}, {"external_attr": 0o120777 << 16}, "symlink"),
    ],
)
def test_archives_that_are_not_to_be_trusted_are_refused(
    tmp_path: Path, members: dict, more: dict, reason: str
) -> None:
    write(tmp_path, {"a.zip": zipped(members, **more), "b.jsonl": json_text(LINK)})
    sources = find_sources(tmp_path)
    assert [source.name for source in sources] == ["b.jsonl"]
    assert [refused.reason for refused in sources.refused] == [reason]


def test_encrypted_members_are_refused(tmp_path: Path) -> None:
    content = bytearray(zipped({"a.jsonl": b"{}"}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    write(tmp_path, {"a.zip": bytes(content)})
    sources = find_sources(tmp_path)
    assert list(sources) == []
    assert sources.refused[0].reason == "encrypted"


def test_bombs_are_refused_by_what_they_say_and_by_what_they_do(tmp_path: Path) -> None:
    limits = Limits(bomb_bytes=100_000, max_ratio=100)
    write(tmp_path, {"a.zip": zipped({"a.jsonl": b" " * 1_000_000}), "b.jsonl.gz": gzip.compress(b" " * 1_000_000)})
    write(tmp_path, {"c.jsonl.gz": gzip.compress(b" " * 50_000)})
    sources = find_sources(tmp_path, limits)
    found = {source.name: source for source in sources}
    assert [(refused.name, refused.reason) for refused in sources.refused] == [("a.zip", "bomb"), ("b.jsonl", "bomb")]
    assert len(found["c.jsonl"].sha256) == 64


def test_a_bomb_that_begins_harmless_is_refused_while_it_is_read(tmp_path: Path) -> None:
    write(tmp_path, {"b.jsonl.gz": gzip.compress(os.urandom(20_000) + b" " * (20 << 20))})
    source = next(find_sources(tmp_path, Limits(bomb_bytes=2 << 20)))
    with pytest.raises(Refused) as refused:
        _ = source.sha256
    assert refused.value.reason == "bomb"


def test_a_workbook_that_is_a_bomb_is_refused_too(tmp_path: Path) -> None:
    write(tmp_path, {"a.xlsx": zipped({"[Content_Types].xml": b"<x/>", "xl/sheet1.xml": b" " * 1_000_000})})
    sources = find_sources(tmp_path, Limits(bomb_bytes=100_000))
    assert list(sources) == []
    assert sources.refused[0].reason == "bomb"


def test_links_devices_nuls_and_large_files_are_refused(tmp_path: Path) -> None:
    write(
        tmp_path, {"inbox/real.jsonl": json_text(LINK), "inbox/nul.csv": b"\0" * 5000, "inbox/big.csv": b"x" * 20_000}
    )
    inbox = tmp_path / "inbox"
    (inbox / "link.jsonl").symlink_to(inbox / "real.jsonl")
    (inbox / "folder").symlink_to(tmp_path)
    os.mkfifo(inbox / "pipe")
    sources = find_sources(inbox, Limits(max_bytes=10_000))
    assert [source.name for source in sources] == ["real.jsonl"]
    assert {refused.name: refused.reason for refused in sources.refused} == {
        "link.jsonl": "symlink", "folder": "symlink", "pipe": "not_a_file", "nul.csv": "nul", "big.csv": "too_large",
    }  # fmt: skip


def test_damaged_archives_are_refused(tmp_path: Path) -> None:
    whole = zipped({"a.jsonl": json_text(LINK).encode() * 50})
    write(tmp_path, {"a.zip": whole[:-30], "b.jsonl.gz": gzip.compress(b"{}" * 5000)[:-10]})
    sources = find_sources(tmp_path)
    found = list(sources)
    assert sources.refused[0].reason == "damaged"
    assert all(source.name == "b.jsonl" for source in found)


def test_damage_inside_of_compressed_files_is_refused_while_it_is_read(tmp_path: Path) -> None:
    content = os.urandom(3 << 20)
    for name, packed in {"a.zip": zipped({"a.jsonl": content}), "b.jsonl.gz": gzip.compress(content)}.items():
        broken = bytearray(packed)
        broken[-(1 << 20) : -(1 << 20) + 1000] = b"\xff" * 1000
        write(tmp_path, {name: bytes(broken)})
    for source in find_sources(tmp_path):
        with pytest.raises(Refused) as refused:
            _ = source.sha256
        assert refused.value.reason == "damaged"


def test_two_files_of_one_name_are_one_too_many(tmp_path: Path) -> None:
    write(tmp_path, {"a.jsonl": json_text(LINK), "a.jsonl.gz": gzip.compress(b"{}")})
    sources = find_sources(tmp_path)
    assert len(list(sources)) == 1
    assert sources.refused[0].reason == "duplicate_name"


def test_there_must_be_a_directory(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError):
        find_sources(tmp_path / "nowhere")


# ---------------------------------------------------------------- when it was exported
@pytest.mark.parametrize(
    ("name", "time", "origin"),
    [
        ("orders_20251203100000.csv", "2025-12-03 10:00:00", "file_name"),
        ("orders_20251203_1000.csv", "2025-12-03 10:00:00", "file_name"),
        ("orders_20251203_100001.csv", "2025-12-03 10:00:01", "file_name"),
        ("2025-12-03 10:00:01.csv", "2025-12-03 10:00:01", "file_name"),
        ("orders_20251203.csv", "2025-12-03 00:00:00", "date_in_name"),
        ("orders_20251399.csv", "2026-01-02 11:04:05", "mtime"),
        ("1234567820251203.csv", "2026-01-02 11:04:05", "mtime"),
    ],
)
def test_the_time_of_export_by_its_best_witness(tmp_path: Path, name: str, time: str, origin: str) -> None:
    write(tmp_path, {name: b"x"})
    moment = datetime.fromisoformat("2026-01-02T03:04:05+00:00").timestamp()
    os.utime(tmp_path / name, (moment, moment))
    source = next(find_sources(tmp_path))
    assert (source.exported_at, source.exported_from) == (time, origin)


def test_a_workbook_knows_when_it_was_changed(tmp_path: Path) -> None:
    core = b'<p xmlns:dcterms="http://purl.org/dc/terms/"><dcterms:modified>2025-11-01T02:00:00Z</dcterms:modified></p>'
    write(tmp_path, {"a_20250101.xlsx": zipped({"[Content_Types].xml": b"<x/>", "docProps/core.xml": core})})
    source = next(find_sources(tmp_path))
    assert (source.exported_at, source.exported_from) == ("2025-11-01 10:00:00", "document_properties")


# ---------------------------------------------------------------- units
@pytest.mark.parametrize(
    ("text", "unit", "wanted", "result"),
    [
        ("1608269181797", "epoch_ms", "epoch_s", "1608269181"),
        ("1603875610", "epoch_any", "epoch_ms", "1603875610000"),
        ("1603875610123", "epoch_any", "epoch_ms", "1603875610123"),
        ("12.34", "yuan", "fen", "1234"),
        ("12.345", "yuan", "fen", "12.345"),
        ("1234", "fen", "yuan", "12.34"),
        ("满100减10", "yuan", "fen", "满100减10"),
        ("", "yuan", "fen", ""),
        ("NaN", "yuan", "fen", "NaN"),
    ],
)
def test_units_are_turned_exactly_or_not_at_all(text: str, unit: str, wanted: str, result: str) -> None:
    assert in_unit(text, unit, wanted) == result
