"""The files of the platforms: they are what they claim to be, and reading them gives the landed rows.

Texts are checked against ``kpi.privacy.text``, which shares only its word lists with the composer.
"""

from __future__ import annotations

import csv
import io
import json
import random
import re
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from defusedxml import ElementTree
from python_calamine import CalamineWorkbook
from test_generate import SMALL, rows

from kpi.contracts import load_contracts
from kpi.generate import ORIGINALS, Config, GenerateError, Result, generate
from kpi.generate.exports import COLUMNS, META
from kpi.generate.files import FORMS
from kpi.generate.keys import Keys, secret_of
from kpi.generate.raw_ids import SPACES, raw_id, raw_ids
from kpi.generate.texts import PLACED, SHORT, compose, room, set_phrases, word_list
from kpi.ingest.landing import Landing
from kpi.ingest.run import ingest
from kpi.privacy.keys import load_secret
from kpi.privacy.text import TextReader, normalise
from kpi.privacy.vault import open_vault

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "exports"
SHAPES = {
    "wm": r"wmKpqDEAAA[\w-]{22}", "wb": r"wbKpqDEAAA[\w-]{22}", "un": r"o6_bmj[\w-]{22}", "op": r"oXq7t5[\w-]{22}",
    "st": r"[a-z]+\d*", "ph": r"1\d{10}",
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A quick run of another seed, in both forms."""
    return generate(Config(out=tmp_path_factory.mktemp("both") / "x", form="both", with_truth=False, **SMALL))


@pytest.fixture(scope="module")
def reader() -> TextReader:
    """Reads features of texts; the hash is the normalised text itself."""
    return TextReader(lambda text: text)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, members of archives on their own, by ``_source_file``."""
    out: dict[str, bytes] = {}
    for path in sorted(f for f in folder.rglob("*") if f.is_file()):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                out |= {f"{name}/{member}": archive.read(member) for member in archive.namelist()}
        else:
            out[name] = path.read_bytes()
    return out


def cells(workbook: bytes) -> list[list[object]]:
    """Rows of the first sheet."""
    return CalamineWorkbook.from_filelike(io.BytesIO(workbook)).get_sheet_by_index(0).to_python()


# -- ids -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("seed", [0, 7, 2**63 - 1])
def test_raw_ids_are_one_to_one_and_look_real(space: str, seed: int) -> None:
    found = raw_ids(space, np.arange(20_000), seed)
    assert len(set(found)) == 20_000
    assert all(re.fullmatch(SHAPES[space], raw) for raw in found)
    assert found[:50] == [raw_id(space, number, seed) for number in range(50)]
    if space not in ("st", "ph"):
        assert raw_id(space, "out5", seed) not in found
        assert len({raw.lower() for raw in found}) > 19_990, "only case may tell two ids apart"


def test_strangers_have_phones_of_their_own() -> None:
    known = set(raw_ids("ph", np.arange(50_000), 7))
    strangers = [raw_id("ph", f"out{k}", 7) for k in range(5_000)]
    assert len(set(strangers)) == 5_000
    assert known.isdisjoint(strangers)


def test_keys_are_those_of_the_raw_ids() -> None:
    import hashlib
    import hmac

    keys = Keys(3, remember=True)
    key = keys.key("op", 12)
    raw, number = keys.people[key]
    assert number == 12
    assert key == "op_" + hmac.new(secret_of(3).encode(), f"op:{raw}".encode(), hashlib.sha256).hexdigest()[:32]


# -- texts -----------------------------------------------------------------------------------------


def test_texts_have_the_features_they_were_composed_for(reader: TextReader) -> None:
    draw, seen = random.Random(5), {}
    terms = word_list("terms")
    for i in range(4_000):
        content = draw.choice([600, 1_000_000, PLACED]) + i
        words = " ".join(draw.sample(terms, draw.choice([0, 0, 1, 2])))
        tone, chain = draw.choice([-1, 0, 0, 1]), draw.random() < 0.1
        length = max(room(words, tone, chain) + 2 * (content >= PLACED), draw.randint(2, 45))
        text = compose(content, length, words, tone, chain)
        assert tuple(reader.features(text.shown)) == (length, text.plain, chain, False, words, tone), text
        assert seen.setdefault(text.plain, content) == content
    for place, phrase in enumerate(set_phrases()):
        text = compose(place, len(phrase), stop=place)
        assert tuple(reader.features(text.shown)) == (len(phrase), phrase, False, True, "", 0), text
    for k in range(500):
        assert tuple(reader.features(compose(SHORT + k, 1).shown))[2:] == (False, False, "", 0)
    assert reader.features(compose(0, 0).shown).length == 0


def test_texts_without_room_are_refused() -> None:
    with pytest.raises(ValueError, match="do not hold"):
        compose(700, 5, "孕妇可用 保质期", 1)


def test_texts_carry_what_normalisation_takes_out() -> None:
    shown = [compose(content, 20).shown for content in range(700, 3_000)]
    for mark in ("@", "https://", "[", "，", "😊"):
        assert any(mark in text for text in shown), mark
    assert all(len(normalise(text)) == 20 for text in shown)


def test_archive_says_what_the_landed_rows_say(made: Result, reader: TextReader) -> None:
    keys = Keys(SMALL["seed"])
    landed = {(r["_source_file"], r["_source_row"]): r for r in rows(made.out, "wecom__messages")}
    checked = Counter()
    for name, content in contents(made.out / ORIGINALS).items():
        if "/archive_" not in name:
            continue
        for number, line in enumerate(content.decode().splitlines(), 1):
            message, row = json.loads(line), landed.pop((name, str(number)))
            kind = message.get("msgtype", "")
            assert (message["msgid"], message["action"], kind) == (row["msgid"], row["action"], row["msgtype"])
            if kind not in ("text", "mixed"):
                assert row["text_length"] == ""
                continue
            body = message[kind]
            words = body["content"] if kind == "text" else json.loads(body["item"][0]["content"])["content"]
            found = reader.features(words)
            assert row["content_hash"] == (keys.content(found.content_hash) if found.content_hash else "")
            assert (str(found.length), str(int(found.is_solitaire)), str(int(found.is_stop_phrase))) == (
                row["text_length"], row["is_solitaire"], row["is_stop_phrase"],
            )  # fmt: skip
            assert (found.terms, str(found.polarity)) == (row["terms"], row["polarity"])
            checked[kind] += 1
    assert not landed
    assert checked["text"] > 1_000
    assert checked["mixed"] > 10


def test_polls_and_red_packets_are_lines_of_the_archive(made: Result) -> None:
    files = contents(made.out / ORIGINALS)
    for export, kind in (("wecom__polls", "vote"), ("wecom__red_packets", "redpacket")):
        found = rows(made.out, export)
        for row in found:
            message = json.loads(files[row["_source_file"]].decode().splitlines()[int(row["_source_row"]) - 1])
            assert (message["msgid"], message["msgtype"]) == (row["msgid"], kind)
        messages = [r for r in rows(made.out, "wecom__messages") if r["msgtype"] == kind]
        assert sorted((r["_source_file"], r["_source_row"]) for r in messages) == sorted(
            (r["_source_file"], r["_source_row"]) for r in found
        )


# -- files -----------------------------------------------------------------------------------------


def test_same_arguments_same_files(made: Result, tmp_path: Path) -> None:
    again = generate(Config(out=tmp_path / "y", form="original", with_truth=False, **SMALL))
    assert [f.name for f in again.out.iterdir()] == [ORIGINALS]
    for path in sorted(f for f in again.out.rglob("*") if f.is_file()):
        assert path.read_bytes() == (made.out / path.relative_to(again.out)).read_bytes(), path
    assert generate(Config(out=again.out, form="original", with_truth=False, **SMALL)).originals == again.originals
    (again.out / ORIGINALS / "manual" / "mine.docx").write_text("mine")
    with pytest.raises(GenerateError, match="original"):
        generate(Config(out=again.out, form="original", with_truth=False, **SMALL))


def test_words_are_for_runs_that_can_hold_them(tmp_path: Path) -> None:
    with pytest.raises(GenerateError, match="1,000,000"):
        Config(out=tmp_path / "x", form="both", messages=1_000_000)
    with pytest.raises(GenerateError, match="--form"):
        Config(out=tmp_path / "x", form="paper")


def test_every_source_file_is_there_and_none_else(made: Result) -> None:
    named = {row["_source_file"] for name in COLUMNS for row in rows(made.out, name)}
    assert named == set(contents(made.out / ORIGINALS))


def test_files_open_with_plain_libraries_and_have_the_rows(made: Result) -> None:
    files = contents(made.out / ORIGINALS)
    landed: dict[str, list[dict[str, str]]] = {}
    for name in COLUMNS:
        for row in rows(made.out, name):
            landed.setdefault(f"{FORMS[name].writer} {row['_source_file']}", []).append(row)
    for key, found in landed.items():
        writer, _, name = key.partition(" ")
        records = len({row["_source_row"] for row in found})
        content = files[name]
        if name.endswith(".xlsx"):
            sheet = cells(content)
            if writer != "answers":
                assert len(sheet) == max(int(row["_source_row"]) for row in found), key
            else:
                assert len(sheet) - 2 == len({row["序号"] for row in found})
        elif name.endswith(".csv"):
            encoding = {"gbk_table": "gbk", "gb18030_table": "gb18030", "ocean": "gbk"}.get(writer, "utf-8-sig")
            if content.startswith(b"\xff\xfe"):
                encoding = "utf-16"
            text = list(csv.reader(io.StringIO(content.decode(encoding))))
            # the line of totals, its header, the preamble
            extra = {"ocean": 1, "trade_bill": 1, "personal_bill": 16}.get(writer, 0)
            assert len(text) == 1 + records + extra, key
        elif writer == "callbacks":
            events = re.findall(r"<xml>.*?</xml>", content.decode(), re.DOTALL)
            assert [ElementTree.fromstring(event).findtext("CreateTime") for event in events] == [
                row["CreateTime"] for row in found
            ]
        else:
            documents = content.decode().splitlines() if ".jsonl" in name else [content.decode()]
            assert all(map(json.loads, documents)), name


def test_exports_are_dated_by_their_files(made: Result) -> None:
    """One time per file, and the file says it: in its name, its archive, its properties or its records."""
    times: dict[str, set[str]] = {}
    for name in COLUMNS:
        for row in rows(made.out, name):
            times.setdefault(row["_source_file"], set()).add(row["_exported_at"])
    members = {}
    for path in (made.out / ORIGINALS).rglob("*.zip"):
        for info in zipfile.ZipFile(path).infolist():
            source = f"{path.relative_to(made.out / ORIGINALS).as_posix()}/{info.filename}"
            members[source] = "{:04}-{:02}-{:02} {:02}:{:02}:{:02}".format(*info.date_time)
    for source, (exported, *rest) in times.items():
        assert not rest, source
        digits = re.sub(r"\D", "", exported)
        inside = source.endswith(".xlsx") or "personal_bill" in source  # properties, preamble
        assert inside or digits in source or members.get(source) == exported, source


def test_originals_carry_what_must_not_land(made: Result) -> None:
    """Raw ids, names and phones are in the original files and in no landed one."""
    keys = Keys(SMALL["seed"])
    raw = [raw_id("wm", n, keys.seed) for n in range(40)] + [raw_id("ph", n, keys.seed) for n in range(40)]
    files = b"".join(contents(made.out / ORIGINALS).values())
    landed = b"".join(path.read_bytes() for path in made.out.glob("*.csv"))
    assert sum(value.encode() in files for value in raw) > 50
    assert not [value for value in raw if value.encode() in landed]


# -- the committed demo ----------------------------------------------------------------------------


def test_committed_examples_are_what_the_command_writes(tmp_path: Path) -> None:
    new = generate(Config(out=tmp_path / "demo", form="original", with_truth=False))
    found, expected = contents(EXAMPLES), contents(new.out / ORIGINALS)
    assert found.keys() == expected.keys()
    # of a workbook its cells: another version of the library may pack it otherwise
    assert [name for name in found if found[name] != expected[name] and not name.endswith(".xlsx")] == []
    for name in found:
        if name.endswith(".xlsx"):
            assert cells(found[name]) == cells(expected[name]), name
    assert sum(f.stat().st_size for f in EXAMPLES.rglob("*")) < 6_000_000


def test_ingesting_the_examples_gives_the_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every export of examples/exports lands row by row, lineage included, as the seeds have it."""
    monkeypatch.setenv("COMMUNITY_METRICS_SECRET", secret_of(7))
    monkeypatch.setenv("COMMUNITY_METRICS_IDENTITIES", str(tmp_path / "private" / "identities.sqlite"))
    target = tmp_path / "landed"
    secret = load_secret(target)
    with open_vault(secret, target) as vault:
        ingest(EXAMPLES, target, contracts=load_contracts(), secret=secret, vault=vault)
    landing = Landing.open(target)
    differ = {}
    for name, columns in COLUMNS.items():
        names = [*columns, *META]
        table = landing.read(name).to_table(columns=names).to_pydict()
        found = Counter(zip(*(table[column] for column in names), strict=True))
        expected = Counter(tuple(row[column] for column in names) for row in rows(ROOT / "seeds" / "exports", name))
        if found != expected:
            differ[name] = [*(expected - found).items()][:2], [*(found - expected).items()][:2]
    assert not differ, differ
