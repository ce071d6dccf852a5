"""Layouts in contracts: what is wrong with one is said in words, and those of the project are sound."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from kpi.contracts import load_contracts
from kpi.ingest.layouts import LayoutError, record_layouts
from kpi.ingest.paths import EACH, PARSED, get, is_there, steps

GOOD = {
    "name": "clicks", "known_from": "own", "kind": "json", "requires": ["link_id"], "fields": {"link_id": "link_id"},
}  # fmt: skip


def layouts_of(**changed: Any) -> list[Any]:
    contract = load_contracts()["scrm__link_clicks"]
    raw = {key: value for key, value in {**GOOD, **changed}.items() if value is not None}
    return record_layouts({contract.export: dataclasses.replace(contract, layouts=(raw,))})


def test_a_sound_layout_is_read() -> None:
    (layout,) = layouts_of()
    assert layout.label == "scrm__link_clicks: clicks"
    assert layout.recognises({"response": {"link_id": 1}})


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": None}, "no name"),
        ({"kind": "yaml"}, "kind is 'yaml'"),
        ({"known_from": False}, "known_from"),  # what YAML makes of OFF
        ({"colour": "red"}, "unknown key colour"),
        ({"requires": []}, "requires is empty"),
        ({"fields": None}, "fields is empty"),
        ({"fields": {"no_such": "a"}}, "no column no_such"),
        ({"constants": {"no_such": "a"}}, "no column no_such"),
        ({"fields": {"link_id": "a..b"}}, "is no path"),
        ({"records": "a.b"}, "does not end in []"),
        ({"when": {"a": [1]}}, "numbers in quotes"),
        ({"units": {"click_time": "hours"}}, "hours is not one of"),
        ({"units": {"link_id": "epoch_ms"}}, "for times and money only"),
        ({"prepare": "magic"}, "prepare is magic"),
        ({"one_day": ["request.a"]}, "two paths"),
        ({"reject": {"reason": "x"}}, "column and reason"),
    ],
)
def test_what_is_wrong_with_a_layout_is_said(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(LayoutError, match=words.replace("[", r"\[").replace("]", r"\]")) as error:
        layouts_of(**changed)
    assert "scrm__link_clicks" in str(error.value)


def test_the_layouts_of_the_project_are_sound_and_have_names_of_their_own() -> None:
    labels = [layout.label for layout in record_layouts(load_contracts())]
    assert len(labels) == len(set(labels)) > 30


def test_every_landed_column_of_a_record_export_comes_from_somewhere() -> None:
    for contract in load_contracts().values():
        for raw in contract.layouts:
            if raw["kind"] != "table" and raw.get("fields") not in (None, "*"):
                required = {column.name for column in contract.columns if column.required}
                assert required <= {*raw["fields"], *raw.get("constants", {})}, (contract.export, raw["name"])


def test_paths() -> None:
    assert steps("a.b[].c{}.d[0]") == ("a", "b", EACH, "c", PARSED, "d", 0)
    value = {"a": {"b": [{"c": '{"d":[118732825779547782215]}'}, {"c": None}, 5]}}
    assert get(value, steps("a.b[].c{}.d[0]")) == [118732825779547782215]
    assert not get(value, steps("a.x"))
    assert is_there({"a": []}, steps("a[].b"))
    assert not is_there({"a": []}, steps("a[].b"), may_be_empty=False)
    assert is_there({"a": {"b": None}}, steps("a.b"))
