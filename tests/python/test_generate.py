"""The synthetic exports and their truth: determinism, privacy, size, safety, and agreement.

``Recount`` reads the written files again with naive Python and rebuilds the main figures; the truth
was computed from the simulation in memory, so both must agree cell by cell.
"""

from __future__ import annotations

import csv
import json
import re
import statistics
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kpi.app import app
from kpi.generate import Config, GenerateError, Result, generate
from kpi.generate.commerce import build_commerce
from kpi.generate.exports import COLUMNS, META
from kpi.generate.files import FORMS
from kpi.generate.keys import CONTENT_PATTERN, KEY_PATTERN, Keys
from kpi.generate.truth import (
    METRICS,
    SEGMENTS,
    Sale,
    _Buyer,
    build_sales,
    build_spells,
    classify,
    person_ids,
    spread,
)
from kpi.generate.world import build_world

TZ = timezone(timedelta(hours=8))
DAY = 86_400
SMALL = {"members": 320, "communities": 8, "days": 75, "seed": 3}
CELL = ("metric", "grain", "period_start", "community_id", "channel_id", "segment")
BODIES = ("wecom__polls", "wecom__red_packets")  # their rows are lines of the message archive
PERSON_COLUMNS = {
    "wecom__group_chats": ("owner",),
    "wecom__group_members": ("userid", "unionid", "invitor"),
    "wecom__customers": ("external_userid", "unionid", "follow_userid"),
    "wecom__staff": ("userid",),
    "wecom__messages": ("from",),
    "scrm__link_clicks": ("external_userid",),
    "youzan__orders": ("买家手机号",),
    "wechat_store__orders": ("openid", "unionid"),
    "wecom__polls": ("from",),
    "wecom__red_packets": ("from",),
    "weiban__check_ins": ("external_userid",),
    "scrm__content_items": ("author",),
    "wenjuanxing__answers": ("客户",),
    "wecom__contact_statistics": ("userid",),
    "wecom__group_statistics": ("owner",),
    "scrm__customer_demographics": ("external_userid",),
    "referral__records": ("inviter", "invitee"),
    "manual__member_roles": ("member_key",),
    "kuaituantuan__orders": ("help_sell_open_id", "open_id"),
    "youzan__coupon_uses": ("买家手机号",),
    "xiaoetong__learning": ("user_key",),
    "scrm__campaign_reach": ("external_userid",),
    "wecom__consents": ("external_userid",),
    "manual__profiling_choices": ("客户",),
}


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    """All rows of one export."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Config, Result]:
    """The committed demo, generated afresh."""
    cfg = Config(out=tmp_path_factory.mktemp("demo") / "exports")
    return cfg, generate(cfg)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Config, Result]:
    """A quick run of another seed."""
    cfg = Config(out=tmp_path_factory.mktemp("small") / "exports", **SMALL)
    return cfg, generate(cfg)


@pytest.fixture(scope="module")
def truth(demo: tuple[Config, Result]) -> dict[tuple[str, ...], dict[str, str]]:
    """Truth of the demo by (metric, grain, period_start, community, channel, segment)."""
    return read_truth(demo[1])


def read_truth(result: Result) -> dict[tuple[str, ...], dict[str, str]]:
    """Truth file as a mapping without the cells of other dimensions; fails on a repeated cell."""
    return {key[:6]: row for key, row in read_all(result).items() if key[6] == ""}


def read_all(result: Result) -> dict[tuple[str, ...], dict[str, str]]:
    """All cells of the truth file by (cell, other dimension, other value)."""
    assert result.truth is not None
    out: dict[tuple[str, ...], dict[str, str]] = {}
    with result.truth.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            key = tuple(row[column] for column in (*CELL, "other_dimension", "other_value"))
            assert key not in out
            out[key] = row
    return out


# -- files -----------------------------------------------------------------------------------------


def test_same_arguments_same_bytes(small: tuple[Config, Result], tmp_path: Path) -> None:
    again = generate(Config(out=tmp_path / "x", **SMALL))
    other = generate(Config(out=tmp_path / "y", **{**SMALL, "seed": 4}))
    for file in sorted(small[1].out.rglob("*.csv")):
        name = file.relative_to(small[1].out)
        assert file.read_bytes() == (again.out / name).read_bytes(), name
    for name in ("wecom__messages.csv", "wecom__group_events.csv", "youzan__orders.csv"):
        assert (small[1].out / name).read_bytes() != (other.out / name).read_bytes()


def test_committed_demo_is_what_the_command_writes(demo: tuple[Config, Result]) -> None:
    root = Path(__file__).parents[2]
    committed = root / "seeds" / "exports"
    if not any(committed.glob("*.csv")):
        pytest.skip("no committed demo here")
    for file in sorted(demo[1].out.glob("*.csv")):
        assert file.read_bytes() == (committed / file.name).read_bytes(), file.name
    assert demo[1].truth is not None
    assert demo[1].truth.read_bytes() == (root / "tests/truth/metrics.csv").read_bytes()


def test_files_columns_and_size(demo: tuple[Config, Result]) -> None:
    _, result = demo
    names = {f.name for f in result.out.glob("*.csv")}
    assert names == {f"{name}.csv" for name in COLUMNS}
    assert sum(f.stat().st_size for f in result.out.glob("*.csv")) <= 11_000_000
    for name, columns in COLUMNS.items():
        found = rows(result.out, name)
        assert len(found) == result.rows[name] > 0
        assert tuple(found[0]) == (*columns, *META)
        numbers = [(r["_source_file"], r["_source_row"]) for r in found]
        assert len(set(numbers)) == len(numbers)
        assert min(int(n) for _, n in numbers) == FORMS[name].first or name in ("wechat_pay__bill_totals", *BODIES)


def test_no_personal_data(demo: tuple[Config, Result]) -> None:
    _, result = demo
    for name, columns in PERSON_COLUMNS.items():
        for row in rows(result.out, name):
            for column in columns:
                assert row[column] == "" or KEY_PATTERN.fullmatch(row[column]), (name, column)
    for row in rows(result.out, "wecom__group_events"):
        for key in filter(None, row["MemChangeList"].split(",")):
            assert KEY_PATTERN.fullmatch(key)
    for row in rows(result.out, "wecom__customers"):
        assert all(KEY_PATTERN.fullmatch(k) for k in json.loads(row["remark_mobiles"]))
    for row in rows(result.out, "wecom__messages"):
        assert row["content_hash"] == "" or CONTENT_PATTERN.fullmatch(row["content_hash"])
    phone = re.compile(r"(?<![0-9A-Za-z_])1[3-9]\d{9}(?![0-9A-Za-z_.])")
    for file in result.out.glob("*.csv"):
        if file.name.startswith(("wecom__messages", "wechat_store", "scrm", "wecom__", "tencent", "weiban")):
            continue  # epoch seconds look like phone numbers with ten digits, never eleven
        assert not phone.search(file.read_text(encoding="utf-8"))


def test_keys_are_keyed_hashes() -> None:
    one, two = Keys(1), Keys(2)
    assert one.key("wm", 5) == one.key("wm", 5) != one.key("un", 5)
    assert one.key("wm", 5) != two.key("wm", 5)
    with pytest.raises(KeyError):
        one.key("xx", 5)


def test_parquet_holds_the_same_rows(small: tuple[Config, Result], tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    result = generate(Config(out=tmp_path / "p", fmt="parquet", with_truth=False, **SMALL))
    assert result.truth is None
    for name in ("wecom__messages", "youzan__orders", "wecom__group_members"):
        table = pq.read_table(result.out / f"{name}.parquet").to_pylist()
        assert table == rows(small[1].out, name)


# -- safety ----------------------------------------------------------------------------------------


def test_refuses_a_directory_with_other_files(tmp_path: Path) -> None:
    out = tmp_path / "mine"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(GenerateError, match=r"thesis\.txt"):
        generate(Config(out=out, **SMALL))
    assert [f.name for f in tmp_path.iterdir()] == ["mine"]
    assert (out / "thesis.txt").read_text() == "years of work"


def test_replaces_a_former_output_and_leaves_no_rubbish(tmp_path: Path) -> None:
    cfg = Config(out=tmp_path / "x", truth=tmp_path / "t" / "m.csv", **SMALL)
    generate(cfg)
    first = (tmp_path / "x" / "wecom__messages.csv").read_bytes()
    generate(cfg)
    assert (tmp_path / "x" / "wecom__messages.csv").read_bytes() == first
    assert sorted(f.name for f in tmp_path.iterdir()) == ["t", "x"]
    assert not (tmp_path / "x" / "truth").exists()


def test_interrupted_run_keeps_the_former_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cfg = Config(out=tmp_path / "x", **SMALL)

    def stop(stage: str, done: int) -> None:
        if stage == "messages" and done > 500:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(cfg, stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("bad", [{"members": 5}, {"communities": 2}, {"days": 3}, {"fmt": "xlsx"}, {"messages": 1}])
def test_bad_arguments_are_refused(bad: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(GenerateError):
        Config(out=tmp_path / "x", **bad)  # type: ignore[arg-type]


def test_command_line(tmp_path: Path) -> None:
    args = ["generate", "--out", str(tmp_path / "x"), "--members", "200", "--communities", "6"]
    args += ["--days", "40", "--seed", "1", "--no-truth", "--json"]
    ran = CliRunner().invoke(app, args)
    assert ran.exit_code == 0, ran.output
    summary = json.loads(ran.stdout)
    assert summary["as_of"] == "2025-12-10"
    assert summary["rows"]["manual__communities"] == 6
    (tmp_path / "x" / "notes.md").write_text("mine")
    ran = CliRunner().invoke(app, args)
    assert ran.exit_code == 2
    assert "notes.md" in ran.stderr


# -- truth: invariants -----------------------------------------------------------------------------


def value(truth: dict, metric: str, start: str, grain: str = "month", comm: str = "") -> float:
    return float(truth[metric, grain, start, comm, "", ""]["value"])


MONTHS = ("2025-11-01", "2025-12-01", "2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01")


MONTHLY = (
    "returning_members", "resurrected_members", "dormant_members", "growth_quick_ratio",
    "target_value", "target_attainment_rate",
)  # fmt: skip


def test_every_metric_has_cells(truth: dict) -> None:
    assert {key[0] for key in truth} == set(METRICS)
    for metric in METRICS:
        grains = {key[1] for key in truth if key[0] == metric}
        monthly = "segment" in metric or "ltv" in metric or metric in MONTHLY
        assert grains == ({"month"} if monthly else {"day", "week", "month"}), metric


def test_stock_follows_from_flow(truth: dict) -> None:
    """Closing = opening + new - leaves - dissolved - transferred; only the last is unnamed."""
    moved = 0
    for before, after in pairwise(MONTHS):
        expected = (
            value(truth, "memberships", before)
            + value(truth, "new_memberships", after)
            - value(truth, "leaves", after)
            - value(truth, "dissolved_memberships", after)
        )
        gap = expected - value(truth, "memberships", after)
        assert gap >= 0
        moved += gap
    assert 20 <= moved <= 45


def test_days_add_up_to_months(truth: dict) -> None:
    for metric in ("new_memberships", "leaves", "messages", "speakers", "orders", "net_sales",
                   "refund_amount", "community_cost", "impressions", "units_sold", "first_time_buyers",
                   "gross_profit", "influenced_sales", "live_viewers", "live_interactions"):  # fmt: skip
        for grain in ("day", "week", "month"):
            total = sum(
                float(row["value"])
                for key, row in truth.items()
                if key[:2] == (metric, grain) and key[3:] == ("", "", "")
            )
            if grain == "day":
                expected = total
            assert total == pytest.approx(expected, abs=0.005), (metric, grain)


def test_communities_and_unattributed_add_up(truth: dict) -> None:
    for metric in ("orders", "gross_sales", "net_sales", "refund_amount", "community_cost",
                   "acquisition_cost", "impressions", "units_sold", "first_time_buyers", "gross_profit"):  # fmt: skip
        for start in MONTHS:
            parts = sum(
                float(row["value"])
                for key, row in truth.items()
                if key[:3] == (metric, "month", start) and key[3] and not key[4]
            )
            assert parts == pytest.approx(value(truth, metric, start), abs=0.005), (metric, start)


def test_channels_add_up(truth: dict) -> None:
    for metric in ("new_memberships", "leaves", "memberships", "impressions"):
        for start in MONTHS:
            parts = sum(
                float(row["value"]) for key, row in truth.items() if key[:4] == (metric, "month", start, "") and key[4]
            )
            assert parts == value(truth, metric, start)


def test_ratios_are_their_parts(truth: dict) -> None:
    for key, row in truth.items():
        if row["numerator"] and row["denominator"] and row["value"]:
            got = float(row["numerator"]) / float(row["denominator"])
            assert float(row["value"]) == pytest.approx(got, rel=1e-9), key
        elif row["numerator"]:
            assert float(row["denominator"] or 0) == 0, key


def test_figures_are_plausible(truth: dict) -> None:
    bands = {
        "join_rate": (0.002, 0.03),
        "leave_rate": (0.04, 0.15),
        "interaction_rate": (0.015, 0.10),
        "membership_retention_rate_d7": (0.75, 0.95),
        "community_roas": (1.5, 6),
        "revenue_per_buyer": (100, 400),
        "order_conversion_rate": (0.05, 0.40),
    }
    for metric, (low, high) in bands.items():
        for start in MONTHS:
            assert low <= value(truth, metric, start) <= high, (metric, start)
    for segment in set(SEGMENTS) - {"not_profiled"}:
        row = truth["segment_members", "month", "2026-05-01", "", "", segment]
        assert int(row["value"]) >= 15, segment


def test_segments_partition(truth: dict) -> None:
    shares = [float(truth["segment_share", "month", "2026-05-01", "", "", s]["value"]) for s in SEGMENTS[1:-1]]
    assert sum(shares) == pytest.approx(1)
    for apart, people in (("observing", None), ("not_profiled", "1")):
        assert truth["segment_share", "month", "2026-05-01", "", "", apart]["value"] == ""
        assert people in (None, truth["segment_members", "month", "2026-05-01", "", "", apart]["value"])


def agreed(said: list[dict[str, str]], ms: int) -> bool:
    """True when by then nothing that somebody has said last in a chat refuses the archive, and something agrees."""
    before = sorted((int(r["status_change_time"]), r["chat_id"], r["agree_status"]) for r in said)
    last = {chat: status for at, chat, status in before if at * 1000 <= ms}
    return "Agree" in last.values() and "Disagree" not in last.values()


def test_consents_and_choices_of_the_demo(demo: tuple[Config, Result]) -> None:
    cfg, result = demo
    consents, choices = rows(result.out, "wecom__consents"), rows(result.out, "manual__profiling_choices")
    told: dict[str, list[str]] = defaultdict(list)
    for r in sorted(consents, key=lambda r: int(r["status_change_time"])):
        told[r["external_userid"]].append(r["agree_status"])
    stories = Counter(tuple(said) for said in told.values())
    assert stories == {
        ("Agree",): cfg.members - 9,
        ("Agree", "Agree", "Disagree"): 1,  # said in messages of the archive
        ("Agree", "Disagree"): 2,
        ("Disagree",): 1,
        ("Disagree", "Agree"): 1,
        ("Default_Agree", "Agree"): 2,
        ("Default_Agree",): 1,
    }
    assert [r["选择"] for r in choices] == ["拒绝", "拒绝", "同意"]
    assert choices[0]["客户"] == choices[2]["客户"]
    speakers = {r["from"] for r in rows(result.out, "wecom__messages")}
    assert sum(len(said) != 1 or said != ["Agree"] for key, said in told.items() if key in speakers) >= 5


@pytest.mark.parametrize(
    ("life", "recent", "blocks", "ref", "aov", "tenure", "expected"),
    [
        (0, 0, 0, 0, 0, 200, "low_demand"),
        (0, 0, 0, 0, 0, 10, "observing"),
        (1, 1, 1, 0, 50, 89, "observing"),
        (1, 1, 1, 0, 50, 90, "low_demand"),
        (1, 0, 0, 3, 0, 400, "low_demand"),
        (2, 0, 0, 0, 0, 400, "need_driven"),
        (2, 0, 0, 5, 0, 400, "need_driven"),
        (3, 3, 3, 1, 20, 100, "loyal"),
        (3, 3, 3, 0, 20, 100, "bargain"),
        (3, 3, 3, 0, 80, 100, "regular_repeat"),
        (3, 2, 2, 1, 20, 100, "regular_repeat"),
        (2, 1, 1, 0, 79.99, 30, "bargain"),
    ],
)
def test_segment_rules(life: int, recent: int, blocks: int, ref: int, aov: float, tenure: int, expected: str) -> None:
    t = 1000
    inside = [t - 30 * (k % max(blocks, 1)) - k for k in range(recent)]
    days = sorted([*(t - 200 - k for k in range(life - recent)), *inside])
    buyer = _Buyer(t - tenure, [(d, round(aov * 100)) for d in days], [t - 5] * ref)
    assert classify(buyer, t) == expected


def test_cost_spread_is_exact() -> None:
    for amount, n in ((1234_50, 29), (1000_00, 31), (1, 7), (38888, 7), (5, 2)):
        parts = [spread(amount, n, k) for k in range(1, n + 1)]
        assert sum(parts) == amount
        assert max(parts) - min(parts) <= 1


# -- truth: agreement with the files ---------------------------------------------------------------


def fen(yuan: str) -> int:
    """Integer fen of an amount in yuan."""
    return round(float(yuan.replace(",", "")) * 100)


class Recount:
    """Rebuilds stays, messages and sales from the csv files of one run, the slow way."""

    def __init__(self, cfg: Config, folder: Path) -> None:
        self.h = cfg.start
        self.last = cfg.as_of
        self.role = {r["member_key"]: r["role"] for r in rows(folder, "manual__member_roles")}
        self.manual = {r["chat_id"]: r for r in rows(folder, "manual__communities")}
        self.customers: dict[tuple[str, str], dict[str, str]] = {}
        for r in rows(folder, "wecom__customers"):
            self.customers[r["external_userid"], r["follow_userid"]] = r
        self.person: dict[str, str] = {}
        members = rows(folder, "wecom__group_members")
        for r in [*rows(folder, "wecom__customers"), *members]:
            key = r.get("external_userid") or r["userid"]
            if r["unionid"]:
                self.person[key] = r["unionid"]
        self._stays(folder, members)
        self._messages(folder)
        self._sales(folder)

    def day(self, t: float) -> date:
        """Local date of an instant."""
        return datetime.fromtimestamp(t, TZ).date()

    def counts(self, wm: str) -> bool:
        """True for external people who are customer or kol."""
        return wm.startswith("wm_") and self.role.get(wm, "customer") in ("customer", "kol")

    def _stays(self, folder: Path, members: list[dict[str, str]]) -> None:
        self.created: dict[str, int] = {}
        self.gone: dict[str, int] = {}
        pulls: dict[str, list[int]] = defaultdict(list)
        for r in rows(folder, "wecom__group_chats"):
            self.created[r["chat_id"]] = int(r["create_time"])
            at = datetime.fromisoformat(r["_exported_at"]).replace(tzinfo=TZ).timestamp()
            pulls[r["chat_id"]].append(int(at))
        evidence: dict[tuple[str, str], set[tuple[int, int, str]]] = defaultdict(set)
        for r in rows(folder, "wecom__group_events"):
            t, chat = int(r["CreateTime"]), r["ChatId"]
            if r["ChangeType"] == "create":
                self.created[chat] = t
            if r["ChangeType"] == "dismiss":
                self.gone[chat] = t
            for wm in filter(None, r["MemChangeList"].split(",")):
                if chat and r["UpdateDetail"] == "add_member":
                    evidence[wm, chat].add((t, 1, ""))
                elif chat and r["UpdateDetail"] == "del_member":
                    evidence[wm, chat].add((t, 0, r["QuitScene"]))
        seen = set()
        for r in members:
            at = datetime.fromisoformat(r["_exported_at"]).replace(tzinfo=TZ).timestamp()
            seen.add((r["userid"], r["chat_id"], int(at)))
            evidence[r["userid"], r["chat_id"]].add((int(r["join_time"]), 1, ""))
        self.stays: dict[tuple[str, str], list[list]] = {}
        for (wm, chat), marks in evidence.items():
            if not wm.startswith("wm_"):
                continue
            joins = [t for t, kind, _ in marks if kind == 1]
            for at in pulls[chat]:
                if (wm, chat, at) not in seen and any(t < at for t in joins):
                    marks.add((at, 0, "x"))
            end = self.gone.get(chat, 10**12)
            stays: list[list] = []
            inside = False
            for t, kind, why in sorted(m for m in marks if m[0] <= end):
                if kind == 1 and not inside:
                    inside = True
                    if stays and t - stays[-1][1] <= DAY:
                        stays[-1][1:3] = [None, ""]
                    else:
                        stays.append([t, None, "", False])
                elif kind == 0 and inside:
                    inside = False
                    stays[-1][1:3] = [t, {"0": "self", "1": "removed"}.get(why, "unknown")]
                elif kind == 0 and not stays:
                    start = max(
                        [
                            self.created[chat],
                            int(datetime(*self.h.timetuple()[:3], tzinfo=TZ).timestamp()),
                            *(p for p in pulls[chat] if p < t),
                        ]
                    )
                    reason = {"0": "self", "1": "removed"}[why]
                    stays.append([start, t, reason, True])
            if stays and stays[-1][1] is None and chat in self.gone:
                stays[-1][1:3] = [self.gone[chat], "dissolved"]
            self.stays[wm, chat] = stays
        family = {chat: r["community_family"] for chat, r in self.manual.items()}
        for (wm, chat), stays in self.stays.items():
            for stay in stays:
                if stay[1] is not None and self.day(stay[1]) > self.last:
                    stay[1:3] = [None, ""]
                if stay[2] not in ("self", "removed", "unknown"):
                    continue
                for other, name in family.items():
                    if name and other != chat and name == family[chat]:
                        for there in self.stays.get((wm, other), []):
                            if not there[3] and abs(there[0] - stay[1]) <= DAY:
                                stay[2] = "transferred"

    def flows(self) -> Counter:
        """(metric, month, chat) -> count for the flow metrics."""
        out: Counter = Counter()
        names = {"self": "voluntary_leaves", "removed": "removed_memberships"}
        for (wm, chat), stays in self.stays.items():
            if not self.counts(wm):
                continue
            for start, end, why, _ in stays:
                if self.h <= self.day(start) <= self.last:
                    out["new_memberships", self.day(start).replace(day=1), chat] += 1
                if end is None:
                    continue
                month = self.day(end).replace(day=1)
                if why in ("self", "removed", "unknown"):
                    out["leaves", month, chat] += 1
                if why in names:
                    out[names[why], month, chat] += 1
                if why == "dissolved":
                    out["dissolved_memberships", month, chat] += 1
        return out

    def inside(self, on: date) -> tuple[int, int]:
        """Memberships and members at the end of a day."""
        open_ = [
            self.person.get(wm, wm)
            for (wm, _), stays in self.stays.items()
            if self.counts(wm)
            for a, b, _, _ in stays
            if self.day(a) <= on and (b is None or self.day(b) > on)
        ]
        return len(open_), len(set(open_))

    def _messages(self, folder: Path) -> None:
        found = rows(folder, "wecom__messages")
        recalled = {r["pre_msgid"] for r in found if r["action"] == "recall"}
        known = set(self.manual) | set(self.created)
        once = {}
        for r in found:
            if r["action"] != "send" or r["roomid"] not in known or r["msgid"] in recalled:
                continue
            if r["msgtype"] in ("revoke", "agree", "disagree"):
                continue
            if self.h <= self.day(int(r["msgtime"]) / 1000) <= self.last:
                once[r["msgid"]] = r
        self.kept = sorted(once.values(), key=lambda r: (r["roomid"], int(r["msgtime"]), r["msgid"]))
        self.effective: set[str] = set()
        self.talk: Counter = Counter()
        texts: dict[tuple[str, str, str], int] = {}
        minute: Counter = Counter()
        speakers = set()
        for r in sorted(once.values(), key=lambda r: (int(r["msgtime"]), r["msgid"])):
            ms, chat, wm = int(r["msgtime"]), r["roomid"], r["from"]
            on = self.day(ms // 1000)
            month = on.replace(day=1)
            self.talk["messages", month, chat] += 1
            if not self.counts(wm):
                continue
            self.talk["customer_messages", month, chat] += 1
            good = r["msgtype"] in ("text", "mixed") and int(r["text_length"]) >= 2
            good &= r["is_solitaire"] != "1" and r["is_stop_phrase"] != "1"
            if not (good or (r["msgtype"] == "voice" and int(r["voice_seconds"]) >= 2)):
                continue
            key = (wm, chat, r["content_hash"])
            repeat = ms - texts.get(key, -(10**15)) <= DAY * 1000
            texts[key] = ms
            if repeat:
                continue
            minute[wm, chat, ms // 60_000] += 1
            if minute[wm, chat, ms // 60_000] <= 5:
                self.talk["effective_messages", month, chat] += 1
                self.effective.add(r["msgid"])
                speakers.add((self.person.get(wm, wm), chat, on))
        self.spoke = speakers
        for _, chat, on in speakers:
            self.talk["speakers", on.replace(day=1), chat] += 1

    def _sales(self, folder: Path) -> None:
        holders = defaultdict(set)
        for (wm, _), r in self.customers.items():
            for phone in json.loads(r["remark_mobiles"]):
                holders[phone].add(self.person.get(wm, wm))
        stays = defaultdict(list)
        for (wm, chat), mine in self.stays.items():
            stays[self.person.get(wm, wm), chat] += [(a, b) for a, b, _, _ in mine]
        clicks = defaultdict(list)
        for r in rows(folder, "scrm__link_clicks"):
            wm = r["external_userid"]
            clicks[self.person.get(wm, wm)].append((int(r["click_time"]), r["chat_id"]))
        codes = {r["promo_code"]: chat for chat, r in self.manual.items() if r["promo_code"]}
        costs = {r["product_id"]: fen(r["单位成本"]) for r in rows(folder, "manual__products")}
        lines = defaultdict(list)  # (units, is gift, given back, product)
        for r in rows(folder, "wechat_store__order_lines"):
            lines[r["order_id"], r["_exported_at"]].append(r)
        bought = defaultdict(list)
        for r in rows(folder, "youzan__order_lines"):
            if r["商品类型"] in ("普通商品", "赠品"):
                bought[r["订单号"]].append((int(r["商品数量"]), r["商品类型"] == "赠品", 0, r["商品编码"]))
        latest: dict[str, dict] = {}
        for r in sorted(rows(folder, "youzan__orders"), key=lambda r: r["_exported_at"]):
            paid = r["买家付款时间"].strip("— ")
            phone = r["买家手机号"]
            who = holders.get(phone, set())
            latest[r["订单号"]] = {
                "paid": paid and datetime.fromisoformat(paid).replace(tzinfo=TZ).timestamp(),
                "ok": r["订单类型"] in ("普通订单", "拼团订单") and r["订单状态"] != "待付款",
                "fen": fen(r["订单实付金额"]),
                "back": fen(r["订单已退款金额"].strip("— ") or "0"),
                "listed": fen(r["商品金额合计"]),
                "discount": fen(r["店铺优惠合计"]),
                "person": next(iter(who)) if len(who) == 1 else phone,
                "chat": codes.get(r["推广方式"], ""),
                "lines": bought[r["订单号"]],
            }
            if latest[r["订单号"]]["back"] >= latest[r["订单号"]]["fen"]:
                latest[r["订单号"]]["lines"] = [(n, gift, n, p) for n, gift, _, p in bought[r["订单号"]]]
        union = {r["openid"]: r["unionid"] for r in rows(folder, "wechat_store__orders") if r["unionid"]}
        for r in sorted(rows(folder, "wechat_store__orders"), key=lambda r: r["_exported_at"]):
            mine = lines[r["order_id"], r["_exported_at"]]
            goods = [x for x in mine if x["is_free_gift"] == "0"]
            net = int(r["product_price"]) - int(r["discounted_price"])
            assert sum(int(x["real_price"]) for x in goods) == net
            part = 0
            for x in mine:
                top = 2 * int(x["real_price"]) * int(x["finish_aftersale_sku_cnt"])
                part += (top + int(x["sku_cnt"])) // (2 * int(x["sku_cnt"]))
            latest[r["order_id"]] = {
                "paid": r["pay_time"] and float(r["pay_time"]),
                "ok": r["status"] not in ("10", "250"),
                "fen": int(r["order_price"]),
                "back": int(r["order_price"]) if r["status"] in ("190", "200") else part,
                "listed": int(r["product_price"]),
                "discount": int(r["discounted_price"]),
                "person": union.get(r["openid"], r["openid"]),
                "chat": "",
                "lines": [
                    (int(x["sku_cnt"]), x["is_free_gift"] == "1", int(x["finish_aftersale_sku_cnt"]), x["product_id"])
                    for x in mine
                ],
            }
        latest |= self._group_sales(folder, union)
        self.sales: Counter = Counter()
        self.sold: list[dict] = []
        self.stays_of = stays
        self.bought: list[tuple[str, float, str]] = []  # person, instant, community
        # what a shill or a test account buys is no sale
        self.uncounted = {self.person.get(wm, wm) for wm, role in self.role.items() if role in ("shill", "test")}
        for o in latest.values():
            if not o["paid"] or not o["ok"] or o["fen"] <= 0 or o["person"] in self.uncounted:
                continue
            on = self.day(o["paid"])
            if not self.h <= on <= self.last:
                continue
            where = self._credit(o, clicks, stays)
            month = on.replace(day=1)
            units = sum(n for n, gift, _, _ in o["lines"] if not gift)
            known = o["lines"] and all(p in costs for *_, p in o["lines"])
            spent = sum((n - back) * costs[p] for n, _, back, p in o["lines"]) if known else None
            o |= {"day": on, "where": where, "units": units, "cost": spent, "valid": o["back"] < o["fen"]}
            self.sold.append(o)
            self.sales["gross_sales", month, where] += o["fen"]
            self.sales["net_sales", month, where] += o["fen"] - o["back"]
            if o["valid"]:
                self.bought.append((o["person"], o["paid"], where))
                self.sales["orders", month, where] += 1
                self.sales["units_sold", month, where] += units
        self.sold.sort(key=lambda o: o["paid"])

    def _group_sales(self, folder: Path, union: dict[str, str]) -> dict[str, dict]:
        """Sales of the group buying shop, each once; also counts the numbers per activity."""
        self.activity: dict[str, dict[str, str]] = {}
        for r in sorted(rows(folder, "kuaituantuan__activities"), key=lambda r: r["_exported_at"]):
            if r["status"] in ("-10", "-5", "1", "20", "30"):
                self.activity[r["activity_no"]] = r
        lines = defaultdict(list)
        for r in rows(folder, "kuaituantuan__order_lines"):
            lines[r["order_sn"], r["_exported_at"]].append(r)
        last = {}
        for r in sorted(rows(folder, "kuaituantuan__orders"), key=lambda r: r["_exported_at"]):
            if r["after_sales_status"] != "5":
                last[r["order_sn"]] = r
        self.numbers: dict[str, set[str]] = defaultdict(set)
        sides = defaultdict(list)
        for r in last.values():
            if r["mall_activity_type"] in ("0", "1"):
                sale = r["supply_activity_no"] or r["activity_no"], r["supply_participate_no"] or r["participate_no"]
                sides[sale].append(r)
                if r["cancel_status"] == "0" and r["confirm_at"]:
                    self.numbers[r["activity_no"]].add(r["participate_no"])
        out = {}
        for mine in sides.values():
            assert len(mine) <= 2
            r = max(mine, key=lambda r: r["supply_activity_no"] != "")
            goods = lines[r["order_sn"], r["_exported_at"]]
            gone = r["cancel_status"] == "1"
            plain = sum(int(x["goods_amount"]) for x in goods if x["is_gift"] == "0")
            assert plain == int(r["order_amount"]) - int(r["shipping_amount"]) + int(r["discount_amount"])
            agreed = int(r["theoretical_refund_amount"]) if r["after_sales_status"] == "2" else 0
            out[r["order_sn"]] = {
                "paid": r["confirm_at"] and int(r["confirm_at"]) / 1000,
                "ok": True,
                "fen": int(r["order_amount"]),
                "back": int(r["order_amount"]) if gone else agreed,
                "listed": plain,
                "discount": int(r["discount_amount"]),
                "person": union.get(r["open_id"], r["open_id"]),
                "chat": self.activity.get(r["activity_no"], {}).get("chat_id", ""),
                "lines": [
                    (
                        int(x["goods_number"]),
                        x["is_gift"] == "1",
                        int(x["goods_number"] if gone else x["already_cancel_number"]),
                        x["goods_external_id"],
                    )
                    for x in goods
                ],
            }
        return out

    def _credit(self, o: dict, clicks: dict, stays: dict) -> str:
        chat = o["chat"]
        if chat:
            starts = [a for a, _ in stays.get((o["person"], chat), [])]
            if not starts or min(starts) <= o["paid"]:
                return chat
        fits = []
        for at, chat in clicks.get(o["person"], []):
            days = 1 if self.manual[chat]["community_type"] == "flash" else 7
            lag = o["paid"] * 1000 - at
            here = stays.get((o["person"], chat), [])
            if 0 <= lag <= days * DAY * 1000 and any(a <= o["paid"] and (b is None or o["paid"] < b) for a, b in here):
                fits.append((-at, chat))
        return min(fits)[1] if fits else "unattributed"


AGREE = {
    "demo": {},
    "small": SMALL,
    "february": {"members": 150, "communities": 7, "days": 36, "start": date(2026, 2, 15)},
    "sparse": {"members": 120, "communities": 6, "days": 400, "seed": 9},
    "many groups": {"members": 1000, "communities": 45, "days": 90, "start": date(2026, 1, 1)},
    "busy": {"members": 400, "communities": 6, "days": 40, "seed": 12, "messages": 40_000},
}


@pytest.mark.parametrize("which", AGREE)
def test_truth_agrees_with_the_files(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    if which in ("demo", "small"):
        cfg, result = request.getfixturevalue(which)
    else:
        cfg = Config(out=tmp_path / "x", **AGREE[which])  # type: ignore[arg-type]
        result = generate(cfg)
    truth = read_truth(result)
    recount = Recount(cfg, result.out)
    found = recount.flows() + recount.talk + recount.sales
    money = ("gross_sales", "net_sales")
    metrics = {name for name, _, _ in found}
    assert len(metrics) == 13
    for metric, month, comm in found:  # nothing in the files without a cell
        assert (metric, "month", str(month), comm, "", "") in truth
    for key, row in truth.items():
        metric, grain, start, comm, channel, _ = key
        if metric not in metrics or grain != "month" or channel:
            continue
        month = date.fromisoformat(start)
        if comm:
            expected = found[metric, month, comm]
        else:
            expected = sum(n for (m, s, _), n in found.items() if (m, s) == (metric, month))
        got = round(float(row["value"]) * (100 if metric in money else 1))
        assert got == expected, key
    for offset in (0, 1, 20, 29, 30, 31, cfg.days - 1):
        on = cfg.start + timedelta(days=offset)
        cell = [truth[m, "day", str(on), "", "", ""]["value"] for m in ("memberships", "members")]
        assert tuple(map(int, cell)) == recount.inside(on), on


def test_deliberate_attribution_cases(tmp_path: Path) -> None:
    """The hand-placed orders get the community (or none) their note says."""
    world = build_world(Config(out=tmp_path))
    commerce = build_commerce(world)
    ids, spells = person_ids(world), build_spells(world)
    sales = {s.order.number: s for s in build_sales(world, commerce, ids, spells)}
    noted = defaultdict(list)
    for line in world.notes:
        text, _, where = line.rpartition(": ")
        noted[text].append(where)

    def sale(text: str) -> Sale:
        return sales[noted[text][0]]

    assert sale("click exactly 7 days before payment (counts)").comm >= 0
    assert sale("click 7 days and 1 ms before payment (too old)").comm == -1
    assert sale("click 1 ms after payment (does not count)").comm == -1
    assert sale("click inside, payment an hour after leaving").comm == -1
    late = sale("promo code of a flash group used after its dismissal")
    assert world.communities[late.comm].kind == "flash"
    tie = sale("two clicks in one millisecond in different groups")
    at = (tie.paid - 300) * 1000 + 123
    chats = [world.communities[c.comm].chat_id for c in commerce.clicks if c.at_ms == at]
    assert len(chats) > 1
    assert world.communities[tie.comm].chat_id == min(chats)
    half = sale("half a fen in a store refund (11801 fen, 1 of 2 back)")
    assert half.refunded == 5901
    assert sale("order with a phone two customers share (its own person)").person[:3] == "ph_"
    assert sale("order with a phone that only the later pull shows").person[:3] in ("un_", "wm_")
    for text in ("paid on H, created the day before", "paid at as_of 23:59:59"):
        assert all(number in sales for number in noted[text])
    for text in ("paid after as_of (outside)", "ordinary paid order of 0.00 (no sale)"):
        assert not any(number in sales for number in noted[text])


# -- engagement and staff --------------------------------------------------------------------------


class Sides:
    """Rebuilds interactions, activity, surveys and staff figures from the files of one run."""

    def __init__(self, cfg: Config, folder: Path, base: Recount) -> None:
        self.cfg, self.folder, self.base = cfg, folder, base
        self.acts: list[tuple[str, str, str, date, int]] = []  # type, person, chat, day, times
        self._interactions()

    def covered(self, on: date) -> bool:
        """True for simulated days."""
        return self.cfg.start <= on <= self.cfg.as_of

    def _interactions(self) -> None:
        base = self.base
        messages = rows(self.folder, "wecom__messages")
        recalled = {r["pre_msgid"] for r in messages if r["action"] == "recall"}
        voted = set()
        for r in sorted(rows(self.folder, "wecom__polls"), key=lambda r: (int(r["msgtime"]), r["msgid"])):
            if r["votetype"] != "102" or r["msgid"] in recalled or not r["roomid"] or not base.counts(r["from"]):
                continue
            if (r["from"], r["voteid"]) not in voted:
                voted.add((r["from"], r["voteid"]))
                self._act("vote", r["from"], r["roomid"], int(r["msgtime"]) // 1000, 1)
        pulls: dict[str, dict[str, list[dict]]] = defaultdict(lambda: defaultdict(list))
        for r in rows(self.folder, "weiban__check_ins"):
            pulls[r["activity_id"]][r["_exported_at"]].append(r)
        for by_pull in pulls.values():
            had: Counter = Counter()
            for n, at in enumerate(sorted(by_pull)):
                for r in by_pull[at]:
                    rise = int(r["total_days"]) - had[r["external_userid"]]
                    had[r["external_userid"]] = int(r["total_days"])
                    if n == 0:
                        rise = int(r["last_check_in_time"] != "0")
                    if rise > 0 and r["phase"] != "first_entry" and base.counts(r["external_userid"]):
                        self._act("check_in", r["external_userid"], r["chat_id"], int(r["last_check_in_time"]), rise)
        for r in base.kept:
            if r["is_solitaire"] == "1" and base.counts(r["from"]):
                self._act("sign_up", r["from"], r["roomid"], int(r["msgtime"]) // 1000, 1)
        chats = {}
        for r in sorted(rows(self.folder, "scrm__content_items"), key=lambda r: r["_exported_at"]):
            chats[r["content_id"]] = r["chat_id"] or "unattributed"
        last = {}
        for r in sorted(rows(self.folder, "scrm__content_daily"), key=lambda r: r["_exported_at"]):
            if r["stat_date"] < r["_exported_at"][:10]:
                last[r["content_id"], r["stat_date"]] = r
        self.content: Counter = Counter()
        for (item, on), r in last.items():
            month = date.fromisoformat(on).replace(day=1)
            self.content["content_views", month, chats[item]] += int(r["view_cnt"])
            self.content["content_clicks", month, chats[item]] += int(r["click_cnt"])
            for kind in ("comment", "like", "share"):
                self.content[f"{kind}s", month, chats[item]] += int(r[f"{kind}_cnt"])
                self.acts.append((kind, "", chats[item], date.fromisoformat(on), int(r[f"{kind}_cnt"])))

    def _act(self, kind: str, wm: str, chat: str, t: int, times: int) -> None:
        on = self.base.day(t)
        if self.covered(on):
            self.acts.append((kind, self.base.person.get(wm, wm), chat, on, times))

    def active(self) -> dict[date, set[str]]:
        """Active persons per day."""
        out: dict[date, set[str]] = defaultdict(set)
        for who, _, on in self.base.spoke:
            out[on].add(who)
        for kind, who, _, on, _ in self.acts:
            if kind in ("vote", "check_in", "sign_up"):
                out[on].add(who)
        stays: dict[str, list] = defaultdict(list)
        for (wm, _), mine in self.base.stays.items():
            if self.base.counts(wm):
                stays[self.base.person.get(wm, wm)] += mine
        for who, paid, _ in self.base.bought:
            if any(a <= paid and (b is None or paid < b) for a, b, _, _ in stays.get(who, ())):
                out[self.base.day(paid)].add(who)
        return out

    def new_members(self) -> dict[str, date]:
        """Person -> date of the first stay, for those who are new."""
        first: dict[str, tuple[int, str, bool]] = {}
        for (wm, chat), mine in self.base.stays.items():
            if self.base.counts(wm):
                who = self.base.person.get(wm, wm)
                first[who] = min([first.get(who, (10**12, "", True)), *((a, chat, x) for a, _, _, x in mine)])
        dated = {who: (self.base.day(t), unknown) for who, (t, _, unknown) in first.items()}
        return {who: on for who, (on, unknown) in dated.items() if not unknown and self.covered(on)}

    def response_minutes(self) -> dict[date, list[float]]:
        """Minutes to the first answer of the staff, by month of the question."""
        out: dict[date, list[float]] = defaultdict(list)
        relevant = [r for r in self.base.kept if r["from"].startswith("st_") or r["msgid"] in self.base.effective]
        for i, r in enumerate(relevant):
            if r["from"].startswith("st_"):
                continue
            t, before = int(r["msgtime"]), relevant[i - 1] if i else r
            talking = i > 0 and before["roomid"] == r["roomid"] and not before["from"].startswith("st_")
            if talking and t - int(before["msgtime"]) <= DAY * 1000:
                continue
            same = (x for x in relevant[i:] if x["roomid"] == r["roomid"])
            answer = next((int(x["msgtime"]) for x in same if x["from"].startswith("st_")), None)
            if answer is not None and answer - t <= DAY * 1000:
                out[self.base.day(t // 1000).replace(day=1)].append((answer - t) / 60_000)
        return out


@pytest.mark.parametrize("which", ["demo", "small"])
def test_engagement_agrees_with_the_files(which: str, request: pytest.FixtureRequest) -> None:
    cfg, result = request.getfixturevalue(which)
    cells, base = read_all(result), Recount(cfg, result.out)
    sides = Sides(cfg, result.out, base)

    def cell(metric: str, start: date, grain: str = "month", comm: str = "", **other: str) -> str:
        extra = next(iter(other.items()), ("", ""))
        return cells[metric, grain, str(start), comm, "", "", *extra]["value"]

    consents: dict[str, list[dict[str, str]]] = defaultdict(list)
    for r in rows(result.out, "wecom__consents"):
        consents[r["external_userid"]].append(r)
    active, joined = sides.active(), sides.new_members()
    months = sorted({date.fromisoformat(key[2]) for key in cells if key[1] == "month"})
    by_month = {m: set().union(*(x for on, x in active.items() if on.replace(day=1) == m)) for m in months}
    speakers: dict[tuple[date, str], list[str]] = defaultdict(list)
    shares: Counter = Counter()
    for r in base.kept:
        month = base.day(int(r["msgtime"]) // 1000).replace(day=1)
        shares["messages", month] += 1
        shares["team", month] += not r["from"].startswith("wm_")
        if r["msgid"] in base.effective and agreed(consents[r["from"]], int(r["msgtime"])):
            shares["effective", month] += 1
            shares["negative", month] += r["polarity"] == "-1"
            for term in set(r["terms"].split()):
                speakers[month, term].append(base.person.get(r["from"], r["from"]))
    waits = sides.response_minutes()
    for n, m in enumerate(months):
        assert int(cell("active_members", m)) == len(by_month[m])
        assert int(cell("new_members", m)) == sum(on.replace(day=1) == m for on in joined.values())
        for metric in ("content_views", "content_clicks", "comments", "likes", "shares"):
            found = sum(x for (name, month, _), x in sides.content.items() if (name, month) == (metric, m))
            assert int(cell(metric, m)) == found
        mine = [x for x in sides.acts if x[3].replace(day=1) == m]
        assert int(cell("interactions", m)) == sum(x[4] for x in mine)
        for kind in ("comment", "like", "share", "check_in", "vote", "sign_up"):
            got = cell("interactions", m, interaction__interaction_type=kind)
            assert int(got) == sum(x[4] for x in mine if x[0] == kind), (m, kind)
        assert float(cell("staff_message_share", m)) == pytest.approx(shares["team", m] / shares["messages", m])
        assert float(cell("negative_message_rate", m)) == pytest.approx(shares["negative", m] / shares["effective", m])
        for (month, term), who in speakers.items():
            if month == m:
                got = cell("topic_mentions", m, topic_mention__term=term)
                assert got == (str(len(who)) if len(set(who)) >= 5 else "")
        assert float(cell("first_response_minutes", m)) == pytest.approx(statistics.median(waits[m]))
        if n:
            old = by_month[months[n - 1]]
            assert int(cell("returning_members", m)) == len(old & by_month[m])
            assert int(cell("dormant_members", m)) == len(old - by_month[m])
            fresh = {x for x in by_month[m] - old if joined.get(x, cfg.start).replace(day=1) == m}
            assert int(cell("resurrected_members", m)) == len(by_month[m] - old - fresh)
    for offset in (0, 7, 29, 30, 60, cfg.days - 1):
        on = cfg.start + timedelta(days=offset)
        assert int(cell("daily_active_members", on, "day")) == len(active[on])
        for metric, window in (("weekly_active_members", 7), ("monthly_active_members", 30)):
            trailing = set().union(*(active[on - timedelta(days=k)] for k in range(window)))
            assert cell(metric, on, "day") == ("" if offset + 1 < window else str(len(trailing)))


@pytest.mark.parametrize("which", ["demo", "small"])
def test_cohorts_agree_with_the_files(which: str, request: pytest.FixtureRequest) -> None:
    cfg, result = request.getfixturevalue(which)
    cells, base = read_all(result), Recount(cfg, result.out)
    sides = Sides(cfg, result.out, base)
    active, joined = sides.active(), sides.new_members()
    first: dict[str, float] = {}
    for who, paid, _ in sorted(base.bought, key=lambda x: x[1]):
        first.setdefault(who, paid)
    stays: dict[str, list] = defaultdict(list)
    for (wm, chat), mine in base.stays.items():
        if base.counts(wm):
            stays[base.person.get(wm, wm)] += [(a, b, why, unknown, chat) for a, b, why, unknown in mine]
    counts: Counter = Counter()

    def add(metric: str, on: date, won: bool) -> None:
        counts[metric, on.replace(day=1), "den"] += 1
        counts[metric, on.replace(day=1), "num"] += won

    for who, on in joined.items():
        began = min(a for a, *_ in stays[who])
        if on + timedelta(days=30) <= cfg.as_of:
            paid = first.get(who, 0)
            add("channel_conversion_rate", on, paid >= began and base.day(paid) <= on + timedelta(days=30))
            late = [who in active[on + timedelta(days=k)] for k in range(24, 31)]
            add("activity_retention_rate_d30", on, any(late))
            add("churn_rate_d30", on, not any(late))
        if on + timedelta(days=7) <= cfg.as_of:
            add("activity_retention_rate_d7", on, who in active[on + timedelta(days=7)])
    lost = set()
    moments: dict[tuple[str, str], list[int]] = defaultdict(list)
    for r in base.kept:
        if r["msgid"] in base.effective or (r["is_solitaire"] == "1" and base.counts(r["from"])):
            moments[base.person.get(r["from"], r["from"]), r["roomid"]].append(int(r["msgtime"]))
    days = {(who, chat, on) for kind, who, chat, on, _ in sides.acts if kind in ("vote", "check_in")}
    at_risk: dict[date, set[str]] = defaultdict(set)
    for who, mine in stays.items():
        for began, ended, why, unknown, chat in mine:
            on = base.day(began)
            for n in range(max(0, (on - cfg.start).days), cfg.days):
                day = cfg.start + timedelta(days=n)
                if ended is not None and base.day(ended) < day:
                    break
                at_risk[day.replace(day=1)].add(who)
            if ended is not None and why in ("self", "removed", "unknown"):
                over = base.day(ended)
                if not any(base.day(a) <= over and (b is None or base.day(b) > over) for a, b, *_ in mine):
                    lost.add((who, over.replace(day=1)))
            if on < cfg.start or unknown or on + timedelta(days=7) > cfg.as_of:
                continue
            week = [on + timedelta(days=k) for k in range(8)]
            won = any(t >= began * 1000 and base.day(t // 1000) <= week[-1] for t in moments[who, chat])
            won |= any(x == who and t >= began and base.day(t) <= week[-1] for x, t, _ in base.bought)
            # nobody in these runs votes or checks in on the joining day before he joined
            won |= any((who, chat, day) in days for day in week)
            add("activation_rate_7d", on, won)
    inside = {
        (who, base.day(paid).replace(day=1))
        for who, paid, where in base.bought
        if any(chat == where and a <= paid and (b is None or paid < b) for a, b, _, _, chat in stays.get(who, ()))
    }
    chosen: dict[str, tuple] = {}
    for r in rows(result.out, "referral__records"):
        if r["status"] == "joined" and r["inviter"] != r["invitee"] and base.counts(r["inviter"]):
            this = (r["invited_at"], r["inviter"])
            chosen[r["invitee"]] = min(this, chosen.get(r["invitee"], this))
    for key, row in cells.items():
        metric, grain, start, comm, channel = key[:5]
        if grain != "month" or comm or channel:
            continue
        month = date.fromisoformat(start)
        parts = (row["numerator"], row["denominator"])
        if (metric, month, "den") in counts:
            assert parts == tuple(str(counts[metric, month, part]) for part in ("num", "den")), key
        if metric == "lost_members":
            assert int(row["value"]) == sum(m == month for _, m in lost)
        if metric == "buyer_conversion_rate":
            assert parts == (str(sum(m == month for _, m in inside)), str(len(at_risk[month])))
        if metric == "k_factor":
            found = sum(at[:7] == f"{month:%Y/%m}" for at, _ in chosen.values())
            assert parts == (str(found), str(len(at_risk[month])))


@pytest.mark.parametrize("which", ["demo", "small"])
def test_surveys_and_staff_agree_with_the_files(which: str, request: pytest.FixtureRequest) -> None:
    cfg, result = request.getfixturevalue(which)
    cells = read_all(result)
    role = {r["member_key"]: r["role"] for r in rows(result.out, "manual__member_roles")}
    surveys = {r["问卷编号"]: r for r in rows(result.out, "manual__surveys")}
    sheets: dict[tuple[str, str], dict] = {}
    for r in rows(result.out, "wenjuanxing__answers"):
        sheet = sheets.setdefault(
            (r["问卷编号"], r["序号"]), {"who": r["客户"], "at": r["提交答卷时间"].replace("/", "-")}
        )
        sheet[r["题号"]] = r["答案"]
    latest: dict[tuple[str, str], tuple] = {}
    for (survey, serial), sheet in sheets.items():
        who = sheet["who"]
        if who.startswith("st_") or role.get(who) in ("shill", "test") or sheet["at"][:10] > str(cfg.as_of):
            continue
        key = (survey, who or serial)
        latest[key] = max(latest.get(key, ("", 0, {})), (sheet["at"], int(serial), sheet), key=lambda x: x[:2])
    counts: Counter = Counter()
    for (survey, _), (at, _, sheet) in latest.items():
        month = f"{at[:7]}-01"
        csat = sheet.get(surveys[survey]["满意度题号"], "")
        nps = sheet.get(surveys[survey]["推荐题号"], "")
        if csat in ("1", "2", "3", "4", "5"):
            counts["csat", month] += 1
            counts["happy", month] += csat in "45"
        if nps.isdigit() and int(nps) <= 10:
            counts["nps", month] += 1
            counts["balance", month] += (int(nps) >= 9) - (int(nps) <= 6)
        counts["answers", survey] += 1
    for metric, top in (("csat", "happy"), ("nps", "balance")):
        for key, row in cells.items():
            if key[:2] == (metric, "month") and not key[3]:
                assert (int(row["numerator"]), int(row["denominator"])) == (counts[top, key[2]], counts[metric, key[2]])
    for number, r in surveys.items():
        day = datetime.strptime(r["发放日期"], "%Y/%m/%d").date()
        row = cells["survey_response_rate", "day", str(day), "", "", "", "", ""]
        assert (int(row["numerator"]), int(row["denominator"])) == (counts["answers", number], int(r["发放份数"]))

    sound: dict[tuple[str, str], dict] = {}
    ignored = 0
    names = ("new_apply_cnt", "new_contact_cnt", "chat_cnt", "message_cnt", "negative_feedback_cnt")
    for r in sorted(rows(result.out, "wecom__contact_statistics"), key=lambda r: r["_exported_at"]):
        day = datetime.fromtimestamp(int(r["stat_time"]), TZ).date()
        early = r["_exported_at"] < f"{day + timedelta(days=1)} 06:00:00"
        if early and all(r[name] == "0" for name in names) and not r["reply_percentage"] + r["avg_reply_time"]:
            ignored += 1
            continue
        sound[r["userid"], str(day)] = r
    assert ignored == 15
    metrics = ("new_contacts", "staff_chats", "staff_messages", "lost_contacts")
    for metric, name in zip(metrics, names[1:], strict=True):
        for key, row in cells.items():
            if key[0] == metric and key[1] == "day":
                mine = [int(r[name]) for (_, day), r in sound.items() if day == key[2]]
                assert row["value"] == (str(sum(mine)) if mine else ""), key


def test_bodies_belong_to_messages(demo: tuple[Config, Result]) -> None:
    found = {r["msgid"]: r for r in rows(demo[1].out, "wecom__messages") if r["action"] == "send"}
    for name, kind in (("wecom__polls", "vote"), ("wecom__red_packets", "redpacket")):
        bodies = rows(demo[1].out, name)
        assert {r["msgid"] for r in bodies} == {m for m, r in found.items() if r["msgtype"] == kind}
        for r in bodies:
            message = found[r["msgid"]]
            assert [r[c] for c in ("from", "roomid", "msgtime")] == [message[c] for c in ("from", "roomid", "msgtime")]
    for r in found.values():
        assert (r["polarity"] == "") == (r["text_length"] == "")


def test_group_statistics_follow_the_members(demo: tuple[Config, Result]) -> None:
    """Stocks change by the members who came and went; cumulative counters never fall."""
    before: dict[str, dict[str, str]] = {}
    for r in rows(demo[1].out, "wecom__group_statistics"):
        last = before.get(r["owner"])
        if last:
            assert int(r["msg_total"]) >= int(last["msg_total"])
            assert int(r["member_total"]) <= int(last["member_total"]) + int(r["new_member_cnt"]) + 3
        assert int(r["member_has_msg"]) <= int(r["member_total"])
        before[r["owner"]] = r


def test_identities_of_activity(truth: dict) -> None:
    for key, row in truth.items():
        metric, grain, start, comm, channel, _ = key
        if metric == "daily_active_members" and grain == "day" and not channel:
            assert row["value"] == truth["active_members", grain, start, comm, "", ""]["value"]
        if metric == "churn_rate_d30" and row["value"]:
            kept = truth[("activity_retention_rate_d30", *key[1:])]["value"]
            assert float(row["value"]) == pytest.approx(1 - float(kept))
        if metric in ("active_rate", "buyer_conversion_rate", "stickiness", "activation_rate_7d") and row["value"]:
            assert 0 <= float(row["value"]) <= 1, key
    for before, after in pairwise(MONTHS):
        moved = {m: value(truth, m, after) for m in ("returning_members", "resurrected_members", "dormant_members")}
        fresh = value(truth, "active_members", after) - moved["returning_members"] - moved["resurrected_members"]
        assert fresh >= 0
        opening = value(truth, "active_members", before)
        assert value(truth, "active_members", after) == pytest.approx(
            opening + fresh + moved["resurrected_members"] - moved["dormant_members"]
        )
        quick = (fresh + moved["resurrected_members"]) / moved["dormant_members"]
        assert value(truth, "growth_quick_ratio", after) == pytest.approx(quick)
