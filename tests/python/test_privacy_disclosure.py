"""Disclosure control, also against somebody who solves the equations; and cells of spreadsheets."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi.privacy.cells import safe_cell
from kpi.privacy.disclosure import ALL, COMPLEMENTARY, FEW, Withheld, withhold


def table(cells: dict[tuple, int | None], names: str = "ab") -> list[dict[str, Any]]:
    return [
        {**dict(zip(names, cell, strict=True)), "persons": n, "sales": None if n is None else n * 10.0}
        for cell, n in cells.items()
    ]


def reasons(done: Withheld, names: str = "ab") -> dict[tuple, str]:
    return {tuple(row[n] for n in names): row["withheld"] for row in done.rows if row["withheld"]}


def test_few_persons_are_withheld_with_the_smallest_other_cell() -> None:
    done = withhold(table({("x",): 4, ("y",): 30, ("z",): 9, ("w",): 0}, "a"), ["a"], ["sales"])
    assert reasons(done, "a") == {("x",): FEW, ("z",): COMPLEMENTARY}
    assert [row["sales"] for row in done.rows] == [None, 300.0, None, 0.0]
    assert [row["persons"] for row in done.rows] == [None, 30, None, 0]
    assert done.totals == []


def test_nothing_is_withheld_where_all_are_many_or_none() -> None:
    done = withhold(table({("x",): 5, ("y",): 0}, "a"), ["a"], ["sales"])
    assert (reasons(done, "a"), done.rows[0]["sales"]) == ({}, 50.0)


def test_k_is_a_parameter() -> None:
    rows = table({("x",): 9, ("y",): 30}, "a")
    assert reasons(withhold(rows, ["a"], ["sales"], k=10), "a") == {("x",): FEW, ("y",): COMPLEMENTARY}
    assert reasons(withhold(rows, ["a"], ["sales"], k=9), "a") == {}


def test_a_rectangle_in_two_dimensions() -> None:
    cells = {(a, b): 10 + 10 * a + b for a, b in product(range(3), range(3))} | {(0, 0): 2}
    done = withhold(table(cells), "ab", ["sales"])
    assert reasons(done) == {(0, 0): FEW, (0, 1): COMPLEMENTARY, (1, 0): COMPLEMENTARY, (1, 1): COMPLEMENTARY}


def test_two_small_cells_that_together_are_few_need_a_third() -> None:
    done = withhold(table({("x",): 2, ("y",): 1, ("z",): 40, ("w",): 30}, "a"), ["a"], ["sales"])
    assert reasons(done, "a") == {("x",): FEW, ("y",): FEW, ("w",): COMPLEMENTARY}


def test_a_total_that_is_the_cell_itself_is_named() -> None:
    done = withhold(table({("x",): 3, ("y",): 0}, "a"), ["a"], ["sales"])
    assert (reasons(done, "a"), done.totals) == ({("x",): FEW}, [{"a": ALL}])
    done = withhold(table({("x", 1): 3, ("y", 1): 20, ("y", 2): 30}), "ab", ["sales"])
    assert {"a": "x", "b": ALL} in done.totals


def test_two_rings_joined_by_one_cell_do_not_hide_it() -> None:
    """Each row and column has two withheld cells, and yet the cell between the rings follows from the totals."""
    ring = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 2), (2, 3), (3, 2), (3, 3)]
    cells = dict.fromkeys(product(range(4), range(4)), 50) | dict.fromkeys(ring, 4) | {(1, 2): 4}
    done = withhold(table(cells), "ab", ["sales"])
    assert not can_be_worked_out(done, cells, "ab")
    assert set(reasons(done)) > {*ring, (1, 2)}


def test_nobody_knows_how_many() -> None:
    done = withhold(table({("x",): None, ("y",): 40, ("z",): 50}, "a"), ["a"], ["sales"])
    assert reasons(done, "a") == {("x",): FEW, ("y",): COMPLEMENTARY}


def test_periods_are_tables_of_their_own() -> None:
    cells = {(1, "x"): 4, (1, "y"): 20, (2, "x"): 20, (2, "y"): 20}
    done = withhold(table(cells), "b", ["sales"], apart="a")
    assert reasons(done) == {(1, "x"): FEW, (1, "y"): COMPLEMENTARY}


def test_no_dimension_means_no_total() -> None:
    done = withhold(
        [{"m": 1, "sales": 3.0, "persons": 2}, {"m": 2, "sales": 9.0, "persons": 9}], [], ["sales"], apart="m"
    )
    assert [row["sales"] for row in done.rows] == [None, 9.0]


def test_rows_that_make_no_table_are_refused() -> None:
    with pytest.raises(ValueError, match="two rows"):
        withhold(table({("x",): 4}, "a") * 2, ["a"], ["sales"])
    with pytest.raises(ValueError, match="-1 persons"):
        withhold(table({("x",): -1}, "a"), ["a"], ["sales"])


def can_be_worked_out(done: Withheld, cells: dict[tuple, int], names: str) -> set[tuple]:
    """Withheld cells that somebody determines who knows all totals but those that must not be shown.

    Written without a look at the module: unknowns are the withheld cells alone, every shown margin is an equation.
    """
    hidden = sorted(reasons(done, names))
    secret_totals = {tuple(total[n] for n in names) for total in done.totals}
    equations = []
    for kept in product((True, False), repeat=len(names)):
        if all(kept):
            continue
        margins = {tuple(v if keep else ALL for v, keep in zip(c, kept, strict=True)) for c in cells}
        for margin in margins - secret_totals:
            inside = [all(m in (ALL, v) for m, v in zip(margin, cell, strict=True)) for cell in hidden]
            equations.append(inside)
    if not hidden:
        return set()
    system = np.array(equations or [[False] * len(hidden)], dtype=float)
    rank = np.linalg.matrix_rank(system)
    unit = np.eye(len(hidden))
    return {cell for i, cell in enumerate(hidden) if np.linalg.matrix_rank(np.vstack([system, unit[i]])) == rank}


@st.composite
def cubes(draw: st.DrawFn) -> dict[tuple, int]:
    shape = draw(st.sampled_from([(3,), (6,), (3, 3), (2, 5), (4, 4), (2, 2, 2), (3, 2, 3)]))
    counts = st.one_of(st.just(0), st.integers(1, 8), st.integers(5, 60))
    return {cell: draw(counts) for cell in product(*(range(n) for n in shape)) if draw(st.integers(0, 9))}


@settings(max_examples=200, deadline=None)
@given(cubes())
def test_nobody_works_a_withheld_cell_out(cells: dict[tuple, int]) -> None:
    names = "abc"[: len(next(iter(cells), ("",)))]
    done = withhold(table(cells, names), names, ["sales"])
    withheld = reasons(done, names)
    assert not can_be_worked_out(done, cells, names)
    assert {cell for cell, n in cells.items() if 0 < n < 5} == {c for c, why in withheld.items() if why == FEW}
    assert all(cells[cell] >= 5 for cell, why in withheld.items() if why == COMPLEMENTARY)
    for row in done.rows:
        assert (row["sales"] is None) == (row["withheld"] is not None)
    for at, name in enumerate(names):  # and no line gives away a sum of few
        for rest in {cell[:at] + cell[at + 1 :] for cell in cells}:
            line = [c for c in withheld if c[:at] + c[at + 1 :] == rest]
            total = {
                n: ALL if n == name else value for n, value in zip(names, (*rest[:at], ALL, *rest[at:]), strict=True)
            }
            assert not line or total in done.totals or sum(cells[c] for c in line) >= 5


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("  =1", "'  =1"),
        ("＝1+1", "'＝1+1"),
        ("-12.50", "-12.50"),
        ("+8", "+8"),
        ("-1,234.5%", "-1,234.5%"),
        ("-", "'-"),
        ("北京粉丝1群", "北京粉丝1群"),
        ("a=b", "a=b"),
        ("", ""),
        (-3, -3),
        (None, None),
    ],
)
def test_formulas_stay_texts(value: Any, expected: Any) -> None:
    assert safe_cell(value) == expected
