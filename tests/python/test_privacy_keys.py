"""The secret, the keys, the identity map, and looking somebody up."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kpi.app import app
from kpi.generate.keys import Keys
from kpi.generate.raw_ids import raw_id
from kpi.privacy import keys as module
from kpi.privacy.keys import PrivacyError, Pseudonymiser, Secret, load_secret, normal_phone, space_of
from kpi.privacy.reidentify import audit_path, reidentify
from kpi.privacy.vault import PLACE, open_vault

SECRET = Secret(b"a secret of the tests, long enough")
posix = pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's directories of their own, and no settings of whoever runs the tests."""
    for name in (module.SECRET_TEXT, module.SECRET_FILE):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "home"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.setenv(PLACE, str(folder / "identities.sqlite"))
    return folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_keys_are_those_of_the_readme_and_of_the_generator() -> None:
    raw, secret = "wmRaw", b"community-metrics synthetic exports, seed 7"
    expected = "wm_" + hmac.new(secret, b"wm:wmRaw", hashlib.sha256).hexdigest()[:32]
    assert Secret(secret).key("wm", raw) == expected
    assert Keys(7).key("wm", 11) == Secret(secret).key("wm", raw_id("wm", 11, 7))
    content = Pseudonymiser(Secret(secret)).content("面膜")
    assert content == "ct_" + hmac.new(secret, "ct:面膜".encode(), hashlib.sha256).hexdigest()[:16]


@pytest.mark.parametrize(
    ("why", "raw", "expected"),
    [
        ("plain", "13800138000", "13800138000"),
        ("spaces and dashes", " 138-0013 8000 ", "13800138000"),
        ("country code", "+86 13800138000", "13800138000"),
        ("country code with zeros", "008613800138000", "13800138000"),
        ("country code without a plus", "8613800138000", "13800138000"),
        ("a number of a spreadsheet", "13800138000.0", "13800138000"),
        ("full width", "１３８００１３８０００", "13800138000"),
        ("a text cell", "'13800138000", "13800138000"),
        ("masked", "138****8000", None),
        ("landline", "021-55556666", None),
        ("scientific", "1.38E+10", None),
        ("too long", "138001380001", None),
        ("two numbers", "13800138000/13900139000", None),
        ("12 digits behind 86", "86138001380000", None),
        ("not beginning with 1", "23800138000", None),
        ("blank", " ", None),
        ("a dash", "--", None),
    ],
)
def test_phones(why: str, raw: str, expected: str | None) -> None:
    assert normal_phone(raw) == expected, why


def test_spellings_of_a_phone_are_one_key_and_masked_ones_are_counted() -> None:
    keys = Pseudonymiser(SECRET)
    assert len({keys.phone(raw) for raw in ("13800138000", "+86 138 0013 8000", "13800138000.0")}) == 1
    assert keys.key("ph", "138-0013-8000") == keys.phone("13800138000")
    assert [keys.phone("138****8000"), keys.phone(" ")] == [None, None]
    assert (keys.masked, keys.erased) == (1, 0)


def test_ids_keep_their_case_and_auto_tells_their_space() -> None:
    keys = Pseudonymiser(SECRET)
    assert keys.key("wm", " wmA ") == keys.key("wm", "wmA") != keys.key("wm", "wma")
    assert keys.key("un", "x") != keys.key("op", "x")
    assert [space_of(raw) for raw in ("wmA", "woA", "wbA", "LiSi")] == ["wm", "wm", "wb", "st"]
    assert [space_of(raw, "auto_un") for raw in ("oAbc", "wmA")] == ["un", "wm"]
    assert keys.key("auto", "woA") == keys.key("wm", "woA")
    assert keys.key("wm", "  ") is None
    with pytest.raises(KeyError):
        keys.key("xx", "a")


@posix
def test_a_secret_is_made_on_first_use_and_found_again(home: Path) -> None:
    first = load_secret()
    assert first.path == module.default_secret_path()
    assert (mode(first.path), mode(first.path.parent)) == (0o600, 0o700)
    assert load_secret() == first
    assert len(first.value) == 64
    assert first.value.decode() not in repr(first)
    assert [path.name for path in first.path.parent.iterdir()] == ["secret"]


def test_no_secret_is_made_where_one_must_exist(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PrivacyError, match="cannot be read"):
        load_secret(create=False)
    monkeypatch.setenv(module.SECRET_FILE, str(home / "none"))
    with pytest.raises(PrivacyError, match="cannot be read"):
        load_secret()


def test_two_first_users_agree(home: Path) -> None:
    program = "from kpi.privacy.keys import load_secret; print(load_secret().fingerprint)"
    running = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) for _ in range(4)]
    assert len({process.communicate()[0] for process in running}) == 1


def test_the_environment_comes_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(module.SECRET_FILE, str(home / "none"))
    monkeypatch.setenv(module.SECRET_TEXT, "a secret in the environment")
    assert load_secret() == Secret(b"a secret in the environment")
    monkeypatch.setenv(module.SECRET_TEXT, "short")
    with pytest.raises(PrivacyError, match="5 bytes"):
        load_secret()


@posix
@pytest.mark.parametrize("what", ["secret", "identities"])
def test_a_file_that_others_may_read_is_refused(what: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / what
    home.mkdir()
    path.write_bytes(SECRET.value)
    path.chmod(0o640)
    monkeypatch.setenv(module.SECRET_FILE if what == "secret" else PLACE, str(path))
    with pytest.raises(PrivacyError, match="chmod 600"):
        load_secret() if what == "secret" else open_vault(SECRET)


@pytest.mark.parametrize("what", ["secret", "identities"])
@pytest.mark.parametrize("inside", ["landing", "project", "checkout", "link"])
def test_a_place_beside_the_data_is_refused(
    what: str, inside: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing, project, checkout = tmp_path / "landing", tmp_path / "project", Path(module.__file__).parents[2]
    for folder in (landing, project):
        folder.mkdir()
    (project / "dbt_project.yml").touch()
    monkeypatch.chdir(project)
    (tmp_path / "link").symlink_to(landing)
    where = {"landing": landing, "project": project, "checkout": checkout / "target", "link": tmp_path / "link"}[inside]
    monkeypatch.setenv(module.SECRET_FILE if what == "secret" else PLACE, str(where / "deep" / "file"))
    with pytest.raises(PrivacyError, match="lies inside of"):
        load_secret(landing) if what == "secret" else open_vault(SECRET, landing)
    assert not (where / "deep").exists()


@pytest.mark.parametrize("what", ["secret", "identities"])
def test_a_landing_directory_is_known_when_nobody_names_it(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "landed.json").write_text("{}")
    monkeypatch.setenv(module.SECRET_FILE if what == "secret" else PLACE, str(tmp_path / "deep" / "file"))
    with pytest.raises(PrivacyError, match="lies inside of the landing directory"):
        load_secret() if what == "secret" else open_vault(SECRET)
    assert not (tmp_path / "deep").exists()


@posix
def test_the_map_keeps_what_was_committed_and_nothing_else(home: Path) -> None:
    with open_vault(SECRET) as vault:
        keys = Pseudonymiser(SECRET, vault)
        keys.source_file = "a.csv"
        first = keys.phone("13800138000")
        vault.commit()
        keys.source_file = "b.csv"
        keys.phone("13800138000")
        keys.key("wm", "wmLost")
    assert mode(home / "identities.sqlite") == 0o600
    assert [path.name for path in home.iterdir()] == ["identities.sqlite"]
    with open_vault(SECRET) as vault:
        assert len(vault) == 1
        entry = vault.find([first])[first]
        assert (entry.space, entry.raw, entry.first_seen_file) == ("ph", "13800138000", "a.csv")


def test_a_map_of_another_secret_or_no_map_is_refused(home: Path) -> None:
    open_vault(SECRET).close()
    with pytest.raises(PrivacyError, match="another secret"):
        open_vault(Secret(b"another secret of the tests"))
    (home / "identities.sqlite").write_bytes(b"this is no database, however long it may be" * 100)
    with pytest.raises(PrivacyError, match="cannot be used"):
        open_vault(SECRET)


def test_more_than_a_batch_is_remembered(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kpi.privacy.vault.BATCH", 10)
    monkeypatch.setattr(module, "CACHED", 4)
    with open_vault(SECRET) as vault:
        keys = Pseudonymiser(SECRET, vault)
        for number in (*range(95), *range(95)):
            keys.key("wm", f"wm{number}")
        vault.commit()
        assert len(vault) == 95


def test_an_erased_person_has_no_key_and_leaves_no_trace_in_the_map(home: Path) -> None:
    with open_vault(SECRET) as vault:
        key = Pseudonymiser(SECRET, vault).phone("13800138000")
        vault.commit()
        assert vault.erase([key]) == 1
        vault.commit()
        keys = Pseudonymiser(SECRET, vault)
        assert [keys.phone("13800138000"), keys.phone("+8613800138000"), keys.key("wm", "wmA") is None] == [
            None, None, False,
        ]  # fmt: skip
        assert (keys.erased, keys.masked, vault.is_erased(key)) == (2, 0, True)
        vault.commit()
    content = (home / "identities.sqlite").read_bytes()
    assert b"13800138000" not in content
    assert key.encode() not in content
    with open_vault(SECRET) as vault:
        assert Pseudonymiser(SECRET, vault).phone("13800138000") is None


def test_a_map_in_use_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_vault(SECRET).close()
    connect = sqlite3.connect
    with connect(home / "identities.sqlite", isolation_level=None) as other:
        other.execute("begin exclusive")
        monkeypatch.setattr("kpi.privacy.vault.sqlite3.connect", lambda *a, **k: connect(*a, **{**k, "timeout": 0}))
        with pytest.raises(PrivacyError, match="another kpi command"):
            open_vault(SECRET)


@posix
def test_looking_somebody_up_is_recorded_before_it_is_answered(home: Path) -> None:
    with open_vault(SECRET) as vault:
        key = Pseudonymiser(SECRET, vault).key("wm", "wmAnna")
        vault.commit()
    unknown = SECRET.key("wm", "nobody")
    found = reidentify([key, unknown], " complaint 17 ", SECRET)
    assert {k: entry.raw for k, entry in found.items()} == {key: "wmAnna"}
    record = audit_path(home / "identities.sqlite")
    assert mode(record) == 0o600
    line = json.loads(record.read_text(encoding="utf-8"))
    assert (line["reason"], line["keys"], line["found"]) == ("complaint 17", [key, unknown], [key])
    assert line["user"]
    assert "wmAnna" not in record.read_text(encoding="utf-8")
    reidentify([key], "again", SECRET)
    assert len(record.read_text(encoding="utf-8").splitlines()) == 2


def test_nobody_is_looked_up_without_a_reason_or_a_record(home: Path) -> None:
    key = SECRET.key("wm", "wmAnna")
    with pytest.raises(PrivacyError, match="reason"):
        reidentify([key], "  ", SECRET)
    with pytest.raises(PrivacyError, match="no key"):
        reidentify(["wmAnna"], "why", SECRET)
    open_vault(SECRET).close()
    audit_path(home / "identities.sqlite").mkdir()
    with pytest.raises(PrivacyError, match="not made"):
        reidentify([key], "why", SECRET)


def test_the_command_prints_raw_ids_and_tells_what_is_unknown(home: Path) -> None:
    secret = load_secret()
    with open_vault(secret) as vault:
        key = Pseudonymiser(secret, vault).key("wm", "wmAnna")
        vault.commit()
    run = CliRunner()
    assert run.invoke(app, ["reidentify", key]).exit_code == 2  # no reason
    done = run.invoke(app, ["reidentify", key, "--reason", "follow up"])
    assert (done.exit_code, done.stdout) == (0, f"{key}\twmAnna\n")
    other = secret.key("wm", "nobody")
    done = run.invoke(app, ["reidentify", key, other, "--reason", "follow up", "--json"])
    assert (done.exit_code, json.loads(done.stdout)) == (1, {key: "wmAnna", other: None})
