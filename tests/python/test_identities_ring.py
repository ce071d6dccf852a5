"""Every identity can fail: on a copy of the built warehouse something is spoiled, and the test that watches it rings.

What is spoiled follows from the arguments of a generic test: each figure, part and key, one at a time. What cannot be
told from the arguments stands in ``SPOILED_BY_HAND``. Everything happens in transactions that are rolled back.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
from pathlib import Path

import duckdb
import pytest
from harness.faults import load_faults

from kpi.pages import IDENTITIES, KEYS

ROOT = Path(__file__).parents[2]
COMPILED = ROOT / "target" / "compiled" / "community_metrics"
MANIFEST = json.loads((ROOT / "target" / "manifest.json").read_text(encoding="utf-8"))


def kind(node):
    return (node.get("test_metadata") or {}).get("name")


def watched(node):
    """The table that a generic test stands at, with its schema."""
    model = MANIFEST["nodes"][node["attached_node"]]
    return f"{model['schema']}.{model['name']}"


# Singular tests that ring elsewhere: of exports, in the table of faults; of macros, over wrong cells of their own.
ELSEWHERE = {fault["fails"] for fault in load_faults() if "fails" in fault} | {
    *("macros_read_cells_as_documented", "macros_read_times_as_documented", "macros_compute_as_documented"),
    *("macros_read_contracts_as_documented", "generic_tests_fail_on_bad_rows"),
}
MARTS = {
    key: node["name"]
    for key, node in MANIFEST["nodes"].items()
    if node["resource_type"] == "model" and node["path"].startswith("marts/")
}


def one_row(table, where="true"):
    return f"rowid = (select min(rowid) from {table} where {where})"


def updated(table, change, where="true"):
    return f"update {table} set {change} where {one_row(table, where)}"


def repeated(table, where="true", replace="", times=1):
    """The statement that adds copies of one row, with other values in some columns."""
    columns = f"* replace ({replace})" if replace else "*"
    row = f"(select * from {table} where {one_row(table, where)})"
    return f"insert into {table} select {columns} from {row} cross join (select range as copy from range({times}))"


def other_columns(statement):
    """A copy of a row has the column ``copy`` too, which the table has not."""
    return statement.replace("select * replace", "select * exclude (copy) replace").replace(
        "select * from (", "select * exclude (copy) from ("
    )


# name of the test: statements, each of which must make it ring by itself
SPOILED_BY_HAND = {
    "metric_bands_has_low_or_high_in_order": [
        updated("reference.metric_bands", "low = null, high = null"),
        updated("reference.metric_bands", "low = 2, high = 1"),
    ],
    "metric_bands_only_warns_by_what_was_published": [
        updated("reference.metric_bands", "severity = 'warn'", "source is null"),
        updated("reference.metric_bands", "severity = 'error'", "source is not null"),
    ],
    # flags that exclude or include one another
    "valid_order_is_a_sold_one_and_credit_says_its_method": [
        updated("marts.fct_orders", "is_sold = false", "is_valid"),
        updated("marts.fct_orders", "community_id = 'unattributed'", "attribution_method = 'code'"),
    ],
    "who_is_activated_is_of_an_age_to_be_judged": [
        updated("marts.fct_activations", "activated_7d = 1", "matured_7d = 0"),
    ],
    "nobody_is_retained_before_maturity": [
        updated("marts.fct_membership_retention", f"retained_d{age} = 1, matured_d{age} = 0") for age in (1, 7, 30)
    ],
    "nobody_buys_again_before_maturity": [
        updated("marts.fct_buyers", "repurchased_d30 = 1", "matured_d30 = 0"),
        updated("marts.fct_buyers", "second_paid_date = first_paid_date", "person_id is not null"),
    ],
    "buyers_of_a_campaign_took_part_and_participants_were_reached": [
        updated("marts.fct_campaign_members", "participant_person_id = null", "buyer_person_id is not null"),
        updated("marts.fct_campaign_members", "person_id = null", "participant_person_id is not null"),
    ],
    "members_of_one_community_are_never_negative": [updated("intermediate.int_member_cells_counted", "members = -1")],
    "refunds_of_a_sale_are_no_more_than_was_paid": [
        updated("marts.fct_sales", "refunded_amount = gross_amount + 0.01"),
        updated("marts.fct_sales", "refunded_amount = -0.01"),
    ],
    "profit_is_known_where_the_cost_of_goods_is": [
        updated("marts.fct_sales", f"{column} = 1", "not is_cost_known") for column in ("cost_amount", "costed_orders")
    ],
    "nobody_spent_more_by_an_age_than_in_all": [
        updated("marts.fct_buyer_ages", "cumulative_net_amount = 1000000", "cumulative_net_amount is not null"),
    ],
    "what_is_not_listed_as_a_difference_agrees_to_the_cent": [
        updated(
            "quality.payments_reconciled", "bill_paid_amount = bill_paid_amount + 0.01", "payment_status = 'matched'"
        ),
        updated("quality.payments_reconciled", "payment_status = 'matched'", "payment_status = 'refund_differs'"),
    ],
    "payment_of_the_shop_is_that_of_the_bill_and_the_difference": [
        updated("quality.payments_reconciled", "bill_paid_amount = 0", "bill_paid_amount > 0 and shop_paid_amount > 0"),
        updated("quality.payments_reconciled", "paid_difference = 1", "bill_paid_amount > 0 and shop_paid_amount > 0"),
    ],
    "periods_of_consent_end_after_they_begin": [
        updated("intermediate.int_consents_bounded", "valid_to = valid_from", "valid_to is not null"),
    ],
    "sheet_and_interface_of_group_buying_agree": [  # the seeds have no sheet
        "insert into quality.sheet_sales_reconciled by name"
        " select date '2026-01-01' as paid_date, 2 as sheet_orders, 1 as interface_orders, false as is_equal",
    ],
    "control_totals_of_a_bill_equal_its_rows": [updated("quality.bill_totals_reconciled", "is_equal = false")],
    "nobody_skips_a_step_of_the_funnel": [updated("marts.fct_funnel_entries", "activated = 0", "first_ordered = 1")],
    "leaves_are_not_fewer_than_their_kinds": [
        updated("marts.fct_membership_flows", "voluntary_leaves = leaves + 1"),
        updated("marts.fct_membership_flows", "closing_memberships = -1"),
    ],
    "top_speakers_and_peers_are_part_of_all": [
        updated("marts.fct_community_months", "top_1pct_messages = top_10pct_messages + 1"),
        updated("marts.fct_community_months", "peer_replies = replies + 1"),
    ],
    "effective_messages_are_customer_messages_are_messages": [
        updated("marts.fct_message_hours", "effective_messages = customer_messages + 1"),
        updated("marts.fct_message_hours", "customer_messages = messages + 1"),
    ],
    "negative_messages_are_effective_and_team_messages_are_messages": [
        updated("marts.fct_message_hours", "negative_messages = effective_messages + 1"),
        updated("marts.fct_message_hours", "team_messages = messages + 1"),
    ],
    "question_is_answered_or_not": [
        updated("marts.fct_questions", "unanswered_questions = 1", "answered_questions = 1"),
        updated("marts.fct_questions", "response_minutes = null", "answered_questions = 1"),
    ],
    "rfm_scores_are_fifths": [
        updated("marts.fct_rfm", f"{score}_score = 6") for score in ("recency", "frequency", "monetary")
    ],
    # figures that are not plain sums
    "calendar_holds_every_day_from_the_first_to_the_last": [
        "delete from marts.dim_dates where date_day = (select min(date_day) from marts.dim_dates)",
        "delete from marts.dim_dates where date_day = (select max(date_day) from marts.dim_dates)",
        "delete from marts.dim_dates where date_day = (select min(date_day) + 5 from marts.dim_dates)",
    ],
    "people_are_never_more_than_memberships": [
        "update marts.fct_membership_days set membership_id = null where is_open_at_end",
    ],
    "people_in_a_community_are_its_open_memberships": [
        updated("marts.fct_member_days", "lone_members = lone_members - 1", "lone_members > 0"),
        updated("marts.fct_member_days", "shared_person_id = null", "shared_person_id is not null"),
    ],
    "open_memberships_are_the_stock_of_the_flows": [
        updated("marts.fct_membership_days", "is_open_at_end = false", "is_open_at_end"),
    ],
    "ends_of_a_day_are_the_memberships_that_end_on_it": [
        updated("marts.fct_membership_flows", f"{column} = {column} + 1")
        for column in ("leaves", "dissolved_memberships", "transferred_memberships")
    ],
    "no_channel_wins_more_people_in_a_month_than_it_had_impressions": [
        updated(
            "marts.fct_funnel_entries",
            "joined = 1000000000",
            "channel_id in (select channel_id from marts.dim_channels where is_exposure_measured)",
        ),
    ],
    "active_people_of_a_month_are_returning_new_or_resurrected": [
        updated("marts.fct_activity_months", "activity_state = 'dormant'", "activity_state = 'new'"),
    ],
    "messages_of_a_month_are_those_of_its_hours": [
        updated("marts.fct_community_months", f"{column} = {column} + 1")
        for column in ("messages", "effective_messages", "bot_messages", "staff_messages")
    ],
    "interactions_with_content_equal_its_counts": [
        updated("marts.fct_interactions", "interactions = interactions + 1", f"interaction_type = '{kind_of}'")
        for kind_of in ("comment", "like", "share")
    ],
    "longer_windows_cover_no_fewer_days": [
        updated("marts.fct_trailing_activity_days", "covered_days_7 = 31", "covered_days_7 = 7"),
        updated("marts.fct_trailing_activity_days", "covered_days_1 = 8", "covered_days_1 = 1"),
    ],
    "influenced_sale_is_a_sale_of_the_same_amount": [
        updated("marts.fct_influenced_sales", "net_amount = net_amount + 0.01", "order_key is not null"),
        "delete from marts.fct_sales where order_key in (select order_key from marts.fct_influenced_sales)",
    ],
    # periods
    "stages_of_a_community_follow_one_another_without_gap": [
        updated("marts.dim_community_stages", "valid_to = valid_to + 1", "valid_to is not null"),
        updated("marts.dim_community_stages", "valid_to = valid_to - 1", "valid_to is not null"),
        updated("marts.dim_community_stages", "valid_to = date '2100-01-01'", "valid_to is null"),
    ],
    "spells_of_a_person_do_not_overlap": [
        repeated("marts.fct_memberships", "left_at is null", "joined_at + interval 1 day as joined_at"),
        repeated("marts.fct_memberships", "left_at is not null", "left_at - interval 1 second as joined_at"),
    ],
    # singular tests
    "campaign_phases_add_up_to_their_campaign": [
        updated("marts.fct_campaign_phases", "orders = orders + 1", "orders is not null"),
        updated("marts.fct_campaign_phases", "net_amount = net_amount + 0.01", "net_amount is not null"),
        updated("marts.fct_campaign_phases", "cost_amount = cost_amount + 0.01", "cost_amount is not null"),
    ],
    "communities_are_registered": [updated("marts.dim_communities", "community_type = 'unclassified'")],
    "lifecycle_states_partition_the_active_members": [
        updated("marts.fct_activity_months", "activity_state = 'returning'", "activity_state = 'dormant'"),
        "delete from marts.fct_activity_months where activity_state = 'dormant'",
    ],
    "members_of_a_day_are_the_persons_with_an_open_spell": [
        updated("marts.fct_member_days", "lone_members = lone_members + 1"),
        updated("marts.fct_member_days", "shared_person_id = null", "shared_person_id is not null"),
    ],
    "memberships_at_risk_equal_opening_and_new": [
        updated("marts.fct_membership_flows", "new_memberships = new_memberships + 1"),
        "delete from marts.fct_membership_days"
        " where membership_id = (select min(membership_id) from marts.fct_memberships where is_counted)",
    ],
    "nobody_is_judged_before_maturity": [
        updated("marts.fct_activations", "joined_date = date '2100-01-01'", "matured_7d = 1"),
        updated("marts.fct_new_members", "first_joined_date = date '2100-01-01'", "matured_activity_d7 = 1"),
        updated("marts.fct_new_members", "first_joined_date = date '2100-01-01'", "matured_activity_d30 = 1"),
        updated("marts.fct_new_members", "first_joined_date = date '2100-01-01'", "matured_conversion_30d = 1"),
    ],
    "owners_do_not_differ_from_the_platform_for_long": [
        "update quality.group_statistics_reconciled set member_difference = 1000 where is_comparable",
    ],
    "payment_differences_are_explained": [
        updated("quality.payments_reconciled", "payment_status = 'paid_differs'", "payment_status = 'matched'"),
    ],
    "quarantined_rows_are_acknowledged": [updated("quality.quarantined_rows", "is_acknowledged = false")],
    "refunds_add_up_to_the_refunds_of_orders": [
        updated("marts.fct_refunds", "refund_amount = refund_amount + 0.01", "order_key is not null"),
        updated("marts.fct_sales", "refunded_amount = refunded_amount + 0.01", "order_key is not null"),
    ],
    "repeat_buyers_equal_the_count_over_raw_windows": [
        "update marts.fct_buyer_windows set is_repeat_buyer = not is_repeat_buyer where person_id is not null",
    ],
    "segment_moves_add_up_to_the_segments": [
        updated("marts.fct_segment_moves", "from_segment = 'nothing'", "from_segment != 'entered'"),
        updated("marts.fct_segment_moves", "to_segment = 'nothing'", "to_segment != 'exited'"),
    ],
    "spread_costs_add_up_to_their_item": [
        "update intermediate.int_costs_spread set cost_amount = cost_amount + 0.01 where cost_item_id like 'manual|%'",
    ],
}
# generic tests of identities, and every singular test
TESTS = {
    node["name"]: node
    for node in MANIFEST["nodes"].values()
    if node["resource_type"] == "test"
    and kind(node) in {*IDENTITIES, KEYS, None}
    and (kind(node) or node["name"] in SPOILED_BY_HAND or node["name"] not in ELSEWHERE)
}


def spoil_figure(table, name, here, where, step):
    """What makes one figure of this side greater or less, by the way in which it is aggregated."""
    aggregate, distinct, column = re.fullmatch(r"(\w+)\((distinct )?(\*|\w+)\)", here).groups()
    if aggregate == "sum":
        return updated(table, f"{column} = {column} + {step}", f"({where}) and {column} is not null")
    if aggregate in ("min", "max"):
        sign = "-" if aggregate == "min" else "+"
        return updated(table, f"{column} = {column} {sign} interval 1 day", f"({where}) and {column} is not null")
    replace = f"'spoilt ' || copy as {column}" if distinct else ""
    found = where if column == "*" else f"({where}) and {column} is not null"
    return repeated(table, found, replace, step)


def sides(columns):
    """Names with their aggregate on this side, as the macro name_sides reads them."""
    if not isinstance(columns, dict):
        columns = dict.fromkeys(columns)
    return {name: given[0] if isinstance(given, list) else f"sum({name})" for name, given in columns.items()}


def spoil(node):
    """The statements that must each make a test ring."""
    if node["name"] in SPOILED_BY_HAND:
        return SPOILED_BY_HAND[node["name"]]
    table, arguments = watched(node), node["test_metadata"]["kwargs"]
    where = arguments.get("here_where", "true")
    match kind(node):
        case "figures_agree":
            return [spoil_figure(table, name, here, where, 1) for name, here in sides(arguments["figures"]).items()]
        case "figures_never_exceed":
            figures = sides(arguments["figures"]).items()
            return [
                spoil_figure(table, name, here, where, 5000 if "distinct" in here else 10**9) for name, here in figures
            ]
        case "never_grows":
            figures = arguments["figures"]
            return [
                updated(table, f"{less} = 1000000", f"{less} is not null and {more} is not null")
                for more, less in itertools.pairwise(figures)
            ]
        case "total_is_its_parts":
            columns = [arguments["total"], *arguments["plus"], *arguments.get("minus", [])]
            return [updated(table, f"{column} = {column} + 1", f"{column} is not null") for column in columns]
        case "holds_each_once":
            return [f"delete from {table} where {one_row(table, where)}", repeated(table, where)]
        case "keys_lead_somewhere":
            return [
                updated(table, f"{key} = '1900-01-01'", f"{key} is not null")
                if re.fullmatch(r"\w+", key)
                else f"delete from marts.{target.split('.')[0]}"
                for key, target in arguments["keys"].items()
            ]
        case "opens_where_it_closed":
            day, opening, closing = arguments["day"], arguments["opening"], arguments["closing"]
            return [
                updated(table, f"{opening} = {opening} + 1", f"{day} = (select max({day}) from {table})"),
                updated(table, f"{closing} = {closing} + 1", f"{day} = (select min({day}) from {table})"),
                f"delete from {table} where {day} = (select min({day}) + 5 from {table})",
            ]
        case "shares_sum_to_one":
            part, over = arguments["part"], arguments["over"]
            return [
                updated(table, f"{part} = {part} + 1", f"{part} > 0"),
                updated(table, f"{over} = null", f"{part} > 0"),
            ]
    return []


def query(node):
    """The SQL of a test as dbt compiled it."""
    file = COMPILED / node["original_file_path"]
    return (file / node["path"] if kind(node) else file).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    """A connection to a copy, in which the views that tests look at are tables: these can be spoiled, and are fast."""
    if not COMPILED.is_dir():
        pytest.skip("target/compiled is missing: run `make test-build` or `.venv/bin/dbt compile`")
    built = ROOT / os.environ.get("COMMUNITY_METRICS_DB", "warehouse/community_metrics.duckdb")
    folder = tmp_path_factory.mktemp("spoiled")
    for file in (built, built.with_name(built.name + ".wal")):
        if file.exists():
            shutil.copy(file, folder)
    connection = duckdb.connect(str(folder / built.name))
    looked_at = "\n".join(query(node) for node in TESTS.values())
    views = connection.execute("select schema_name, view_name from duckdb_views() where not internal").fetchall()
    for schema, name in views:
        if f'"{schema}"."{name}"' in looked_at:
            connection.execute(f"create temp table kept as select * from {schema}.{name}")
            connection.execute(f"drop view {schema}.{name}")
            connection.execute(f"create table {schema}.{name} as select * from kept")
            connection.execute("drop table kept")
    yield connection
    connection.close()


def rings(connection, node, statement):
    """Whether a test finds more to complain of once a statement has run."""
    found = f"select count(*) from ({query(node)})"
    before = connection.execute(found).fetchall()[0][0] if node["config"]["severity"].lower() == "warn" else 0
    connection.execute("begin")
    try:
        connection.execute(other_columns(statement))
        return connection.execute(found).fetchall()[0][0] > before
    finally:
        connection.execute("rollback")


def test_every_mart_has_an_identity():
    """A relation to another table or between its own parts, beside what says that the table is well formed."""
    tied = {node["attached_node"] for node in TESTS.values() if kind(node)}
    assert not {name for key, name in MARTS.items() if key not in tied}


def test_what_is_spoiled_by_hand_is_a_test():
    assert not set(SPOILED_BY_HAND) - set(TESTS)


@pytest.mark.parametrize("name", sorted(TESTS))
def test_identity_rings(warehouse, name):
    statements = spoil(TESTS[name])
    assert statements, f"{name}: say in SPOILED_BY_HAND what must make it ring"
    silent = [statement for statement in statements if not rings(warehouse, TESTS[name], statement)]
    assert not silent, "\n".join(silent)
