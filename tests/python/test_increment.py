"""Increments equal a full rebuild, whatever arrives, in whatever order, or goes."""

from __future__ import annotations

import contextlib
import re
import shutil
from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from harness.landings import BEFORE, DAY, MEMBERS, MESSAGES, NEWEST, OTHERS, call_back, land

from kpi.ingest.landing import Landing

ROOT = Path(__file__).parents[2]
WAREHOUSE = ROOT / "warehouse" / "test" / "community_metrics.duckdb"
# models and their schemas, each built from those before it
CHAIN = {
    "base_wecom__messages": "staging",
    "stg_wecom__message_copies": "staging",
    "stg_wecom__messages": "staging",
    "int_message_recalls_listed": "intermediate",
    "int_messages_sent": "intermediate",
    "int_messages_repeated": "intermediate",
    "int_messages_flagged": "intermediate",
    "int_questions_answered": "intermediate",
    "int_replies_counted": "intermediate",
    "fct_topic_mentions": "marts",
    "int_member_lists_dated": "intermediate",
    "int_membership_evidence_gathered": "intermediate",
    "int_membership_stays_paired": "intermediate",
    "int_membership_spells_built": "intermediate",
    "int_membership_channels_attributed": "intermediate",
    "int_membership_transfers_found": "intermediate",
    "int_memberships_described": "intermediate",
    "int_member_stays_ranged": "intermediate",
    "fct_membership_retention": "marts",
    "int_message_days_counted": "intermediate",
    "int_sign_ups_listed": "intermediate",
    "int_interactions_gathered": "intermediate",
    "int_activities_gathered": "intermediate",
    "int_message_shares_measured": "intermediate",
    "int_message_hours_counted": "intermediate",
    "fct_interaction_days": "marts",
}
OF_MESSAGES = {"int_messages_flagged", "int_replies_counted", "int_questions_answered", "fct_topic_mentions"}
# daily ones: each has its own way to learn that one of its inputs changed
OF_DAYS = {
    *("int_message_days_counted", "int_activities_gathered", "int_message_shares_measured"),
    *("int_message_hours_counted", "fct_interaction_days"),
}
# of a membership: each by person, and follows the one before it
OF_MEMBERSHIPS = {
    *("int_membership_evidence_gathered", "int_membership_stays_paired", "int_membership_spells_built"),
    *("int_membership_channels_attributed", "int_memberships_described", "int_member_stays_ranged"),
    "fct_membership_retention",
}
# of orders and of who bought; a person's windows follow their orders, segments their windows
OF_ORDERS = {
    "int_group_buy_sides_numbered": "intermediate",
    "int_group_buy_resales_shown": "intermediate",
    "int_group_buy_sales_deduplicated": "intermediate",
    "int_order_versions_unioned": "intermediate",
    "int_order_lines_unioned": "intermediate",
    "int_orders_resolved": "intermediate",
    "int_order_costs_measured": "intermediate",
    "int_order_codes_credited": "intermediate",
    "int_order_touches_credited": "intermediate",
    "int_orders_attributed": "intermediate",
    "int_order_refunds_dated": "intermediate",
    "int_sales_measured": "intermediate",
    "int_sale_rows_unioned": "intermediate",
    "int_quiet_sales_days_listed": "intermediate",
    "fct_orders": "marts",
    "fct_sales": "marts",
    "fct_buyers": "marts",
    "fct_buyer_ages": "marts",
    "int_referrals_credited": "intermediate",
    "int_segment_snapshots_dated": "intermediate",
    "int_purchase_days_summed": "intermediate",
    "int_purchase_windows_measured": "intermediate",
    "int_persons_first_seen": "intermediate",
    "int_segment_inputs_measured": "intermediate",
    "int_segments_judged": "intermediate",
    "int_loyalty_tiers_judged": "intermediate",
    "fct_segment_moves": "marts",
}
STAGED = {f"{layer}_{export}": "staging" for export in (*OTHERS, MEMBERS) for layer in ("base", "stg")}
CHAIN = STAGED | OF_ORDERS | CHAIN
# those of orders and buyers that list what changed; the others are built whole
LISTED = OF_ORDERS.keys() - {
    *("int_group_buy_sides_numbered", "int_group_buy_resales_shown", "int_group_buy_sales_deduplicated"),
    *("int_segment_snapshots_dated", "int_quiet_sales_days_listed", "int_sale_rows_unioned", "fct_sales"),
}

WHEN = ("< '2026-03-01'", "> '2026-03-10'")  # two members of whom something is told joined
# the first community's list of March comes late, the second one's of May not yet
CHATS = "(select list(chat_id order by chat_id) from (select distinct chat_id from seed where _exported_at < '2026'))"
LIST_TO_COME = (
    f"(chat_id = {CHATS}[1] and starts_with(_exported_at, '2026-03') "
    f"or chat_id = {CHATS}[2] and starts_with(_exported_at, '2026-05-20'))"
)


def quoted(path: str) -> str:
    """The inside of a literal of SQL."""
    return path.replace("'", "''")


class Shop:
    """A landing directory and a warehouse beside it, changed and built step by step."""

    def __init__(self, folder: Path, project_copy) -> None:
        self.landing = folder / "landing"
        self.landing.mkdir()
        (folder / "project").mkdir()
        self.project = project_copy(folder / "project", exports=self.landing)
        self.warehouse = folder / "project" / "warehouse" / "community_metrics.duckdb"
        shutil.copy(WAREHOUSE, self.warehouse)
        self.full: dict[str, str] = {}

    def land(self, query: str, exported_at: str, export: str = MESSAGES) -> None:
        """Land the rows of a query over ``seed``, the export of the demo, as one part."""
        land(self.landing, query, exported_at, export)

    def live(self, export: str = MESSAGES) -> list[str]:
        """Paths of the live parts, as dbt reads them: from the folder of the project."""
        with Landing.locked(self.landing) as locked:
            return [f"{self.project.LANDING}/{part.path}" for part in locked.parts(export)]

    def tell(self, *statements: str) -> None:
        """Run SQL in the warehouse."""
        with duckdb.connect(str(self.warehouse)) as warehouse:
            for statement in statements:
                warehouse.execute(statement)

    def build(self) -> str:
        """Run the chain; returns what dbt printed."""
        outcome = self.project.dbt("--no-write-json", "run", "--select", *CHAIN)
        assert outcome.returncode == 0, outcome.stdout
        if not self.full:
            compiled = self.project.folder / "target" / "compiled" / "community_metrics" / "models"
            self.full = {name: next(compiled.rglob(f"{name}.sql")).read_text(encoding="utf-8") for name in CHAIN}
        return outcome.stdout

    def differences(self) -> dict[str, int]:
        """Rows in which the tables of the chain and their full rebuild differ, by model; only those that do."""
        with contextlib.chdir(self.project.folder), duckdb.connect(str(self.warehouse)) as warehouse:
            warehouse.execute("set TimeZone = 'Asia/Shanghai'")
            found = {}
            for name, schema in CHAIN.items():
                live = ", ".join(f"'{quoted(path)}'" for path in self.live(name.removeprefix("base_")))
                sql = re.sub(r"read_parquet\(\[.*?\]", f"read_parquet([{live}]", self.full[name], flags=re.DOTALL)
                for before in found:
                    sql = re.sub(rf'"community_metrics"\."\w+"\."{before}"', f"rebuilt_{before}", sql)
                warehouse.execute(f"create or replace temp table rebuilt_{name} as {sql}")
                stored = f"from {schema}.{name}"
                # a mart holds its columns in the order of its contract
                columns = ", ".join(column for column, *_ in warehouse.execute(f"describe {stored}").fetchall())
                rebuilt = f"select {columns} from rebuilt_{name}"
                found[name] = warehouse.execute(
                    f"select count(*) from (({stored} except all {rebuilt}) union all ({rebuilt} except all {stored}))"
                ).fetchall()[0][0]
            return {name: rows for name, rows in found.items() if rows}

    def change(self, model: str, items: str, *statements: str) -> None:
        """Change rows of a model outside the chain, and its ledger as its hooks do; items: query of what changes."""
        noted = f"insert into increments.{model} select distinct 'self', cast(item as varchar), 'told'"
        noted += f" from ({items}) as changed(item)"
        self.tell(noted, *(statement.format(items=items) for statement in statements))

    def member(self, condition: str) -> tuple[str, str, str]:
        """Community, person and key of one membership."""
        return self.rows(
            "select community_id, person_id, member_key "
            f"from (from intermediate.int_memberships_described where is_counted and {condition}) as memberships "
            "inner join intermediate.int_identities_resolved using (person_id) "
            "inner join staging.stg_wecom__group_members on (chat_id, member_key) = (community_id, identity_key) "
            "order by all limit 1"
        )[0]

    def runs(self, model: str, kind: str = "") -> dict[str, str]:
        """The run that changed each item of a model last: days, orders, persons, or what else it lists."""
        named = f"self {kind}".strip()
        return dict(self.rows(f"select item, version from increments.{model} where input = '{named}'"))

    def rows(self, query: str) -> list[tuple]:
        """Rows of a query."""
        with duckdb.connect(str(self.warehouse), read_only=True) as warehouse:
            return warehouse.execute(query).fetchall()


@pytest.fixture(scope="module")
def shop(tmp_path_factory, project_copy):
    """The first build: all but the last of eight parts of the days, and no day out of turn."""
    if not WAREHOUSE.is_file():
        pytest.skip("no built warehouse: run `make test-build`")
    shop = Shop(tmp_path_factory.mktemp("shop"), project_copy)
    shop.land(f"from seed where {DAY} < date '2026-03-01' or msgtime is null", "2026-03-01 08:00:00")
    shop.land(f"from seed where {DAY} between date '2026-03-10' and date '2026-04-30'", "2026-05-01 08:00:00")
    for export in OTHERS:
        shop.land(f"from seed where _exported_at < {BEFORE}", "2026-05-01 08:00:00", export)
    december = "starts_with(_exported_at, '2025-12')"
    shop.land(f"from seed where {december}", "2026-05-20 08:00:00", MEMBERS)
    shop.land(f"from seed where not ({december} or {LIST_TO_COME})", "2026-05-20 08:00:00", MEMBERS)
    shop.build()
    return shop


def test_first_build_equals_a_full_rebuild(shop):
    assert shop.differences() == {}


def of_orders_something_happens_to(shop: Shop) -> set[str]:
    """Keys of orders of which, other than by exports that land, something else is true from now on."""
    store, group_buys = "staging.stg_wechat_store__orders", "staging.stg_kuaituantuan__orders"
    refunded, unpaid, credited, clicked = (
        shop.rows(
            "select order_id, order_key, community_id, person_id, paid_at from intermediate.int_orders_attributed "
            f"where {condition} order by created_at, order_key limit 1"
        )[0]
        for condition in (
            "shop_system = 'wechat_store' and is_valid",
            "shop_system = 'wechat_store' and paid_at is null",
            "attribution_method = 'last_touch' and is_valid and paid_date > date '2026-02-01' and person_id in "
            "(select person_id from intermediate.int_memberships_described where left_at is null)",
            "attribution_method = 'last_touch' and is_valid and paid_date > date '2026-03-01'",
        )
    )
    an_item = "select '{}'".format
    shop.change(  # months later
        "stg_wechat_store__orders",
        an_item(refunded[0]),
        f"update {store} set order_status = 200 where order_id in ({{items}})",
    )
    shop.change(
        "stg_wechat_store__orders",
        an_item(unpaid[0]),
        f"update {store} set order_status = 30, paid_at = updated_at where order_id in ({{items}})",
    )
    shop.change(  # one side of resold sales goes: the other one counts
        "stg_kuaituantuan__orders",
        "select order_id from intermediate.int_group_buy_sides_numbered where is_resold and is_reseller_side qualify "
        "sale_participate_no = min(sale_participate_no) over ()",
        f"delete from {group_buys} where order_id in ({{items}})",
    )
    shop.change(
        "stg_scrm__link_clicks",
        f"select cast(timestamp '{clicked[4]}' as date)",
        "delete from staging.stg_scrm__link_clicks where cast(clicked_at as date) in ({items})",
    )
    _, _, key = shop.member(f"community_id = '{credited[2]}' and person_id = '{credited[3]}'")
    left = call_back(str(credited[4] - timedelta(days=1)), credited[2], key, "del_member")  # before paying
    shop.land(f"from {left}", "2026-05-04 09:00:00", "wecom__group_events")
    shop.tell(
        "update staging.stg_manual__products set unit_cost_amount = unit_cost_amount + 1 "
        "where product_id = (select min(product_id) from staging.stg_youzan__order_lines)",
    )
    return {refunded[1], unpaid[1], credited[1]}


def test_late_repeated_and_erased_rows_leave_what_a_full_rebuild_leaves(shop):
    day = "2026-04-30"
    shop.land(f"from seed where {DAY} = date '2026-05-01'", "2026-05-02 08:00:00")  # the next day
    shop.land(f"from seed where {DAY} between date '2026-03-01' and date '2026-03-09'", "2026-05-02 09:00:00")  # late
    asked, chat, answered_at = shop.rows(  # nobody answered it until the part of the day after comes
        "select message_id, community_id, epoch_ms(window_ends_at - interval 8 hours - interval 1 minute) "
        "from intermediate.int_questions_answered where response_milliseconds is null and sent_hour > 0 "
        "and date_day between date '2026-04-05' and date '2026-04-14' order by message_id limit 1"
    )[0]
    late = f"'late_' || msgid as msgid, '{answered_at}' as msgtime, '{chat}' as roomid"
    shop.land(
        f"select * replace ({late}) from seed where \"from\" like 'st\\_%' escape '\\' and action = 'send' limit 2",
        "2026-05-02 09:30:00",
    )
    again = "* replace ('2026-05-02 10:00:00' as _exported_at, case msgtype when 'text' then '1' end as text_length)"
    shop.land(f"select {again} from seed where {DAY} = date '{day}'", "2026-05-02 10:00:00")  # exported again
    written = "2026-03-20"  # a message of this day is taken back much later
    ((taken_back,),) = shop.rows(
        f"select min(message_id) from intermediate.int_messages_flagged where is_effective and sent_date = '{written}'"
    )
    back = "'taken_back' as msgid, 'recall' as action, msgid as pre_msgid, '1777600000000' as msgtime"
    shop.land(f"select * replace ({back}) from seed where msgid = '{taken_back}'", "2026-05-02 11:00:00")
    for export in OTHERS:
        shop.land(f"from seed where _exported_at = {NEWEST}", "2026-05-02 08:00:00", export)
        shop.land(f"from seed where _exported_at = {BEFORE}", "2026-05-02 09:00:00", export)  # late
        twin = (
            "select * replace (_source_file || '_twin' as _source_file) from seed"  # of one moment, from another file
        )
        shop.land(f"{twin} where _exported_at = {NEWEST}", "2026-05-02 08:00:00", export)
        later = "select * replace ('2026-05-03 08:00:00' as _exported_at) from seed"
        shop.land(f"{later} where hash(_source_row) % 50 = 0", "2026-05-03 08:00:00", export)  # exported again
    shop.land(f"from seed where {LIST_TO_COME}", "2026-05-21 08:00:00", MEMBERS)
    # a list of a third one is exported again, with another code of somebody
    code = "'0' || _source_file as _source_file, 'of05' as state"
    of_third = f"chat_id = {CHATS}[3] and starts_with(_exported_at, '2026-05-20') and state not in ('of05', '')"
    shop.land(f"select * replace ({code}) from seed where {of_third} limit 1", "2026-05-21 09:00:00", MEMBERS)
    chat, person, spoke = shop.rows(
        "select community_id, person_id, min(sent_date) filter (sent_date > date '2026-04-22') as spoke "
        "from intermediate.int_messages_flagged "
        "inner join intermediate.int_memberships_described using (community_id, person_id) "
        "where is_effective and joined_at < '2026-02-01' and left_at is null and sent_date < '2026-04-29' "
        "group by all having spoke is not null order by count(*) desc, 1, 2 limit 1"
    )[0]
    _, _, key = shop.member(f"community_id = '{chat}' and person_id = '{person}'")
    leaver, unseen = (shop.member(f"left_at is null and person_id != '{person}' and joined_at {when}") for when in WHEN)
    shop.land(
        # leaves in the morning of a day on which they speak, and is back after the grace
        f"from {call_back(f'{spoke} 00:00:00', chat, key, 'del_member')} union all "
        f"from {call_back(f'{spoke + timedelta(days=2)} 08:00:00', chat, key, 'add_member')} union all "
        f"from {call_back('2026-04-10 08:00:00', *leaver[::2], 'del_member')} union all "
        f"from {call_back('2025-12-15 08:00:00', *unseen[::2], 'del_member')}",  # of whom no join was seen before
        "2026-05-04 08:00:00",
        "wecom__group_events",
    )
    orders = of_orders_something_happens_to(shop)
    before = {model: shop.runs(model) for model in ("int_messages_flagged", *OF_DAYS)}
    shop.build()
    assert shop.differences() == {}
    persons = shop.runs("int_memberships_described")
    assert {person, leaver[1], unseen[1]} <= persons.keys()
    assert len(persons) < shop.rows("select count(*) from intermediate.int_persons_classified")[0][0] / 3
    answers = "select response_milliseconds from intermediate.int_questions_answered where message_id"
    assert shop.rows(f"{answers} = '{asked}'") == [((24 * 60 - 1) * 60_000,)]
    for model, runs in before.items():
        kept = {item for item, run in shop.runs(model).items() if runs.get(item) == run}
        assert not {"2026-03-05", written, day, "2026-05-01"} & kept
        if model != "int_message_shares_measured":  # which is of months
            assert len(kept) > len(runs) / 2  # a day costs a day, and who leaves those on which they spoke
        assert (str(spoke) in kept) == (model == "int_messages_flagged")
    changed = shop.runs("int_orders_attributed")
    assert orders <= changed.keys()
    ((known,),) = shop.rows("select count(*) from intermediate.int_orders_attributed")
    assert len(changed) < known / 2
    for model in ("int_replies_counted", "int_questions_answered", "fct_topic_mentions"):
        days = shop.runs(model)
        assert {days["2026-02-10"], days["2026-04-20"]}.isdisjoint({days["2026-03-05"], days["2026-05-01"]})


def test_erased_and_removed_parts_take_their_rows_away(shop):
    with Landing.locked(shop.landing) as locked, locked.rewrite() as change:
        parts = locked.parts(MESSAGES)
        recall = next(part for part in parts if locked.table(part).num_rows == 1)
        first, *_, last = (part for part in parts if part != recall)
        rows = locked.table(first)
        keys = rows["from"].to_pylist()
        erased = next(key for key in keys if key and key.startswith("wm_"))
        nobody = ["wm_of_nobody" if key == erased else key for key in keys]
        change.replace(first, rows.set_column(rows.column_names.index("from"), "from", pa.array(nobody, pa.string())))
        change.replace(last, None)
        change.replace(recall, None)  # what it took back is in another part, and counts again
        first = locked.parts("youzan__orders")[0]
        orders = locked.table(first)
        column, phones = orders.column_names.index("买家手机号"), orders["买家手机号"].to_pylist()
        buyer = next(row for row, phone in enumerate(phones) if phone.startswith("ph_"))
        phones[buyer] = "13800138000"  # a row that is refused from now on
        change.replace(first, orders.set_column(column, "买家手机号", pa.array(phones, pa.string())))
        for export in OTHERS[1:]:
            change.replace(locked.parts(export)[0], None)
        first, *_, last = locked.parts(MEMBERS)
        change.replace(first, None)  # who was absent from these lists, may have been inside before
        change.replace(last, None)  # the list is again what it was
    changed_orders = "select item, version from increments.stg_youzan__orders where input = 'self'"
    before = set(shop.rows(changed_orders))
    shop.tell("insert into intermediate.int_identities_resolved values ('wm_of_nobody', 'wm_of_nobody')")
    shop.tell("insert into intermediate.int_persons_classified values ('wm_of_nobody', 'customer', true)")
    shop.build()
    assert shop.differences() == {}
    assert [item for item, _ in set(shop.rows(changed_orders)) - before] == [orders["订单号"][buyer].as_py()]
    stored = "select count(*) from staging.base_wecom__messages where sender_key = "
    assert shop.rows(f"{stored} 'wm_of_nobody'")[0][0] > 0
    assert shop.rows(f"{stored} '{erased}' and landed_part = '{quoted(shop.live()[0])}'")[0][0] == 0


def test_days_of_a_sender_of_whom_something_else_is_said_are_judged_again(shop):
    senders = shop.rows(
        "select sender_key from staging.stg_wecom__messages where starts_with(sender_key, 'wm_') "
        "group by 1 order by count(*) desc, 1 limit 4"
    )
    merged, judged, silent, _ = (f"'{key}'" for (key,) in senders)
    buyers = shop.rows(
        "select buyer_key, person_id from intermediate.int_order_versions_unioned "
        "inner join intermediate.int_identities_resolved on buyer_key = identity_key "
        "where paid_at < timestamp '2026-04-01' group by all order by count(*) desc, 1 limit 20"
    )
    (key, was), (_, other) = buyers[0], next(buyer for buyer in buyers if buyer[1] != buyers[0][1])
    person = "(select person_id from intermediate.int_identities_resolved where identity_key = {})".format
    chat, dissolved = shop.rows("select min(community_id), max(community_id) from intermediate.int_messages_flagged")[0]
    ((sender,),) = shop.rows(f"select {person(merged)}")
    shop.tell(
        f"update intermediate.int_identities_resolved set person_id = {person(judged)} where identity_key = {merged}",
        "update intermediate.int_persons_classified set role = 'test', is_counted = false "
        f"where person_id = {person(judged)}",
        f"delete from intermediate.int_consents_bounded where person_id = {person(silent)}",
        f"delete from intermediate.int_communities_described where community_id = '{chat}'",
        "update intermediate.int_calendar_bounded set as_of_date = date '2026-04-25', "
        "history_start_date = history_start_date + 3",
        "update intermediate.int_exports_covered set first_day = date '2026-02-20', last_day = date '2026-04-20' "
        "where export_name = 'wecom__messages'",
        # nothing of which the ledger of messages speaks
        "delete from intermediate.int_activity_days_spanned where date_day = date '2026-04-20'",
        f"delete from intermediate.int_community_days_spanned where community_id = '{chat}'",
        "delete from intermediate.int_sales_days_spanned where date_day > date '2026-04-22'",
        "update intermediate.int_sales_bounded set last_day = date '2026-04-22'",
        f"update intermediate.int_communities_described set dissolved_at = timestamp '2026-03-15' "
        f"where community_id = '{dissolved}'",
        "update intermediate.int_communities_described set community_family = 'sisters' where community_family is null",
        "update staging.stg_manual__channels set channel_id = 'ch_link' where channel_id = 'ch_store'",
        "update intermediate.int_calendar_bounded set members_last_date = date '2026-04-25'",
        "delete from intermediate.int_membership_flows_counted "
        "where date_day = date '2026-03-03' and channel_id = 'ch_link'",
        "update intermediate.int_membership_flows_counted set closing_memberships = closing_memberships + 1 "
        "where date_day = date '2026-03-04'",
        "update intermediate.int_poll_votes_cast set person_id = (select min(person_id) "
        "from intermediate.int_persons_classified where is_counted) where date_day = date '2026-04-05'",
    )
    shop.change(  # two members are found to be one
        "int_identities_resolved",
        f"select {merged}",
        "insert into increments.int_identities_resolved "
        f"select 'self persons', unnest(['{sender}', {person(judged)}]), 'told'",
    )
    shop.change(  # two buyers are found to be one
        "int_identities_resolved",
        f"select '{key}'",
        f"update intermediate.int_identities_resolved set person_id = '{other}' where identity_key = '{key}'",
        "insert into increments.int_identities_resolved "
        f"values ('self persons', '{was}', 'told'), ('self persons', '{other}', 'told')",
    )
    shop.change("int_persons_classified", f"select {person(judged)}")
    shop.change(
        "int_profiling_choices_bounded",
        "select person_id from intermediate.int_purchase_days_summed order by 1 limit 1",
        "insert into intermediate.int_profiling_choices_bounded "
        "select person_id, true, date '2026-01-15', null from ({items})",
        "insert into increments.int_profiling_choices_bounded select 'self persons', person_id, 'told' from ({items})",
    )
    assert shop.differences().keys() >= OF_MESSAGES | OF_DAYS | OF_MEMBERSHIPS
    shop.build()
    assert shop.differences() == {}


def test_copies_are_chosen_from_by_a_part_of_their_key():
    """Else an increment would leave out copies of a row that it chooses again."""
    chosen = 0
    for path in (ROOT / "models" / "staging").rglob("stg_*.sql"):
        sql = path.read_text(encoding="utf-8")
        if by := re.search(r"'copies_by': '(\w+)'", sql):
            keys = re.search(r"partition by ([\w, ]+)", sql)
            assert keys and by[1] in keys[1].strip().split(", "), path.name
            chosen += 1
    assert chosen >= len(OTHERS)


def test_comparison_notices_a_stale_day_and_a_new_definition_heals_it(shop):
    shop.tell("update intermediate.int_messages_flagged set is_effective = not is_effective where sent_hour = 9")
    shop.tell(
        "update staging.stg_youzan__orders set paid_amount = 0 where order_id = (select max(order_id) from "
        "staging.stg_youzan__orders where paid_amount > 0)",
    )
    seen = {run for model in LISTED for run in shop.runs(model).values()}
    shop.build()
    assert {run for model in LISTED for run in shop.runs(model).values()} == seen  # nothing new is nothing to do
    stale = {"int_messages_flagged", "stg_youzan__orders"}
    assert stale <= shop.differences().keys()  # nothing that they are built from has changed
    shop.tell(
        # some days later: what was held back comes to count, and memberships mature
        "update intermediate.int_calendar_bounded "
        "set as_of_date = date '2026-05-10', members_last_date = date '2026-05-10'",
    )
    for name in stale:
        model = next((shop.project.folder / "models").rglob(f"{name}.sql"))
        model.write_text(model.read_text(encoding="utf-8") + "-- another definition\n", encoding="utf-8")
    shop.build()
    assert shop.differences() == {}
