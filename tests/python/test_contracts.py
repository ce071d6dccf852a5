"""The contracts are sound, what is derived of them is fresh, and staging reads no code that they do not list."""

from __future__ import annotations

import csv
import re
import shutil
from functools import partial
from pathlib import Path

import jinja2
import pytest

from kpi.contracts import FOLDER, LINEAGE, ContractError, load_contracts
from kpi.contracts.derive import derived

ROOT = Path(__file__).parents[2]
CONTRACTS = load_contracts()
BASE_MODELS = {path.stem.removeprefix("base_"): path for path in (ROOT / "models").rglob("base_*.sql")}

GOOD = """\
export: mall__orders
system: 商城
label: 订单
description: One row per order. 一单一行。
grain: [id, _exported_at]
key: [id]
day_column: paid
time_unit: epoch_s
money_unit: fen
columns:
  - name: id
    description: Order number
    type: id
    required: true
  - name: paid
    description: When it was paid
    type: time
  - name: amount
    description: Amount
    type: money
  - name: status
    description: State
    type: code
    values: ['10', '20']
    closed: true
  - name: buyer
    description: Key of the buyer
    type: person
    person: op
layouts: []
"""


@pytest.fixture
def load(tmp_path):
    """Loads one contract written as YAML."""

    def from_text(text, name="mall__orders.yml"):
        shutil.copy(FOLDER / "_defaults.yml", tmp_path)
        (tmp_path / name).write_text(text, encoding="utf-8")
        return load_contracts.__wrapped__(tmp_path)["mall__orders"]

    return from_text


def test_what_a_contract_does_not_say_is_the_default(load):
    contract = load(GOOD)
    assert contract.null_likes == ("", "-", "—", "——", "/", "N/A", "?")
    assert (contract.zone, contract.retention_days, contract.cell_prefix) == ("Asia/Shanghai", None, "")
    assert contract.personal_columns == ("buyer",)
    assert contract.column("status").values == ("10", "20")
    with pytest.raises(KeyError, match="mall__orders has no column nothing"):
        contract.column("nothing")


def test_own_null_likes_replace_the_shared_ones(load):
    assert load(GOOD.replace("layouts:", "null_likes: ['', '-']\nlayouts:")).null_likes == ("", "-")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("money_unit: fen", "money_unit: cent", "money_unit is cent; one of yuan, fen, none"),
        ("money_unit: fen", "money_unit: none", "money_unit is none, but a column is money"),
        ("time_unit: epoch_s", "time_unit: none", "time_unit is none, but a column is a time"),
        ("time_unit: epoch_s\n", "", "no time_unit"),
        ("key: [id]", "key: [number]", "key is number; one of id, paid, amount, status, buyer"),
        ("grain: [id, _exported_at]", "grain: id", "grain is id; a list of texts"),
        ("day_column: paid", "day_column: day", "day_column is day; one of"),
        ("layouts: []", "layout: []", "unknown key layout; known are export, system"),
        ("layouts: []", "retention_days: 0\nlayouts: []", "retention_days is 0; a whole number of days from 1"),
        ("layouts: []", "layouts: [{name: a}]", "layouts: each is a mapping with at least name and kind"),
        ("export: mall__orders", "export: shop__orders", "export is shop__orders; it must be the name of the file"),
        ("    required: true", "    needed: true", "column id: unknown key needed"),
        ("    required: true", "    required: 1", "column id: required is 1; true or false"),
        ("    type: time", "    type: timestamp", "column paid: type is timestamp; one of id, text"),
        ("    person: op\n", "", "column buyer: person goes with type person"),
        ("    person: op", "    person: openid", "column buyer: person is openid; one of wm, wb"),
        ("    person: op", "    person: op\n    many: tab", "column buyer: many is tab; one of comma, json"),
        ("['10', '20']", "[10, 20]", "column status: values is [10, 20]; a list of texts"),
        ("    closed: true\n", "", "column status: values and closed go together"),
        ("name: status", "name: paid", "columns: paid twice"),
        ("key: [id]", "key: [id]\nkey: []", "key key twice"),
        (GOOD, "- a list", "a contract is a mapping of keys"),
    ],
)
def test_unsound_contract_is_refused_with_file_key_and_what_is_allowed(load, tmp_path, old, new, message):
    with pytest.raises(ContractError, match=re.escape(message)) as refused:
        load(GOOD.replace(old, new, 1))
    assert str(tmp_path / "mall__orders.yml") in str(refused.value)


def test_derived_files_are_fresh():
    stale = [
        str(path.relative_to(ROOT))
        for path, text in derived(ROOT).items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    assert not stale, f"run `python -m kpi.contracts.derive`: {stale}"
    assert {path.stem for path in (ROOT / "seeds" / "exports").glob("*.yml")} == set(CONTRACTS)


@pytest.mark.parametrize("export", CONTRACTS)
def test_seed_has_the_columns_of_its_contract_and_values_in_those_that_need_one(export):
    contract = CONTRACTS[export]
    with (ROOT / "seeds" / "exports" / f"{export}.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        assert tuple(rows.fieldnames or ()) == (*contract.column_names, *LINEAGE)
        required = [column.name for column in contract.columns if column.required]
        blank = {name for row in rows for name in required if row[name].strip() in contract.null_likes}
    assert not blank


@pytest.mark.parametrize("export", BASE_MODELS)
def test_codes_that_a_model_translates_are_those_of_the_contract(export):
    """A check names the list; a ``case`` that gives each code a meaning has to know the same ones."""
    sql = BASE_MODELS[export].read_text(encoding="utf-8")
    assert f"export('{export}'" in sql
    for column in CONTRACTS[export].columns:
        looked_up = f"contract_values('{export}', '{column.name}'" in sql
        found = re.search(
            rf"case [^%\n]*raw\('{re.escape(column.name)}'\)[^%\n]*}}}}\)?(?P<body>.*?) ?end\b", sql, re.DOTALL
        )
        if column.closed and not looked_up:
            assert found, f"{column.name}: neither checked by contract_values nor translated by a case"
            codes = re.findall(r"when '([^']*)'", found["body"])
            assert sorted(codes) == sorted(column.values), column.name


# --- the macros that staging asks ----------------------------------------------------------------


class Returned(Exception):
    """What dbt's ``return`` does to a macro."""


class Refusal:
    """``exceptions`` of dbt."""

    @staticmethod
    def raise_compiler_error(message):
        """Stops the build."""
        raise ValueError(message)


def asked(name, *arguments):
    """What a macro of macros/contract.sql returns."""
    text = "".join((ROOT / "macros" / file).read_text(encoding="utf-8") for file in ("contract.sql", "contracts.sql"))
    macros = {name: whole for whole, name in re.findall(r"({% macro (\w+).*?endmacro %})", text, re.DOTALL)}
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)

    def give(value):
        raise Returned(value)

    def call(macro, *given, **named):
        known = {other: partial(call, other) for other in macros if other != macro}
        template = environment.from_string(
            macros[macro] + f"{{{{ {macro}(*given, **named) }}}}",
            {**known, "return": give, "exceptions": Refusal, "given": given, "named": named},
        )
        try:
            return template.render()
        except Returned as returned:
            return returned.args[0]

    return call(name, *arguments)


def test_macros_look_up_what_the_contract_says():
    assert asked("export_columns", "weiban__check_ins") == [*CONTRACTS["weiban__check_ins"].column_names, *LINEAGE]
    assert asked("contract_values", "weiban__check_ins", "phase") == "'first_entry', 'joined', 'finished'"
    assert asked("contract_values", "kuaituantuan__orders", "mall_activity_type", "number") == "0, 1, 2"
    assert asked("null_likes") == "'', '-', '—', '——', '/', 'N/A', '?'"
    assert asked("null_likes", "wechat_pay__personal_bills") == "'', '-', '—', '——', 'N/A', '?'"


def test_macros_refuse_what_no_contract_says():
    with pytest.raises(
        ValueError, match=r"No contract of an export 'mall__orders': add kpi/contracts/mall__orders\.yml"
    ):
        asked("export_columns", "mall__orders")
    with pytest.raises(ValueError, match="The contract of 'youzan__orders' lists no values of '订单号'"):
        asked("contract_values", "youzan__orders", "订单号")


def test_generator_writes_the_columns_of_the_contracts():
    from kpi.generate.exports import COLUMNS

    assert {name: CONTRACTS[name].column_names for name in COLUMNS} == COLUMNS
