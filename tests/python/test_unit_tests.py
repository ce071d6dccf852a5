"""Which decisions of the models and macros have a test: read from dbt's manifest, nothing is run."""

import json
import re
from pathlib import Path

import pytest

from kpi.pages import IDENTITIES, KEYS

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = ROOT / "target" / "manifest.json"
PROJECT = "community_metrics"

COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/|\{#.*?#\}", re.DOTALL)
# What makes a row another, drops it, counts it or moves it to another day.
RULES = {
    "case": r"\bcase\b",
    "window": r"\bover\s*[(\w]|\bqualify\b|\brow_number\b",
    "dedupe": r"\bdistinct\b|\bhaving\b|\bgroup by\b",
    "union": r"\bunion\b|\bexcept\b|\bintersect\b",
    "filter or join": r"\bwhere\b|\bjoin\b",
    "date": r"\binterval\b|\bdate(?:add|diff|_trunc)\b|\blast_day\b|\bas date\b|\bday_spine\b|\biso_weekday\b",
    "parsing": r"\bparse_(?:number|money)\b|\bclean_text\b|\bbill_cell\b|\b(?:epoch|text)_to_local\b|\btry_cast_to\b"
    r"|\bsplit_to_rows\b|\bis_key_list\b|\bfirst_problem\b",
    "comparison": r"\bshare_of_amount\b|\bcomposite_key\b|\bcoalesce\b|[=<>] ?(?:'|\d)",
}
# Models with a rule and without a unit test, with the reason why none is needed. Better to leave it empty.
EXCUSED: dict[str, str] = {}

# Cases at the edges, with the unit tests (model, test) that prove them. Each of them names the edge in its description
# or in its rows, with spaces or underscores.
EDGES = {
    "tie": [
        ("int_campaign_orders_credited", "order_belongs_to_the_campaign_that_started_last"),
        ("int_membership_channels_attributed", "each_spell_has_the_code_of_its_own_join"),
        ("int_first_memberships_picked", "new_member_is_who_was_seen_to_join_for_the_first_time"),
    ],
    "late event": [
        ("int_membership_stays_paired", "join_while_inside_and_repeated_leave_change_nothing"),
        ("int_membership_stays_paired", "dissolution_ends_open_stays_and_nothing_counts_after_it"),
    ],
    "rejoin inside the grace": [
        ("int_membership_spells_built", "return_within_24_hours_continues_the_spell"),
        ("int_membership_spells_built", "spell_is_of_unknown_start_when_its_first_stay_is"),
    ],
    "rejoin outside the grace": [
        ("int_membership_spells_built", "return_within_24_hours_continues_the_spell"),
        ("int_membership_spells_built", "spell_is_of_unknown_start_when_its_first_stay_is"),
    ],
    "join while inside": [
        ("int_membership_stays_paired", "join_while_inside_and_repeated_leave_change_nothing"),
    ],
    "leave without join": [
        ("int_membership_stays_paired", "leave_without_a_join_starts_at_the_earliest_possible_time"),
    ],
    "bot": [
        ("int_replies_counted", "reply_follows_another_member_within_half_an_hour"),
        ("fct_memberships", "staff_and_bots_are_memberships_that_do_not_count"),
    ],
    "staff": [
        ("int_membership_changes_counted", "staff_is_in_no_flow_and_an_empty_day_is_zero"),
        ("fct_memberships", "staff_and_bots_are_memberships_that_do_not_count"),
    ],
    "recalled message": [
        ("int_messages_sent", "recalled_or_private_messages_are_none"),
    ],
    "month end": [
        ("int_segment_snapshots_dated", "snapshots_are_taken_at_month_ends_and_at_the_last_day"),
        ("int_order_refunds_dated", "refund_is_the_rise_between_two_exports"),
    ],
    "midnight": [
        ("int_membership_changes_counted", "memberships_begin_and_end_on_their_days"),
        ("int_membership_stays_paired", "nothing_after_the_last_complete_day_is_known"),
        ("dim_content", "content_belongs_to_the_day_it_was_published"),
    ],
    "leap day": [
        ("int_dates_spanned", "both_ends_and_the_leap_day_are_spanned"),
        ("int_activity_days_spanned", "archive_that_begins_late_or_lasts_longer_is_cut"),
        ("dim_content", "content_belongs_to_the_day_it_was_published"),
    ],
    "refund larger than one line": [
        ("int_store_versions_conformed", "refund_of_a_store_order_is_that_of_its_returned_units"),
        ("int_order_refunds_dated", "refund_is_the_rise_between_two_exports"),
    ],
    "zero-amount order": [
        ("fct_orders", "net_amount_is_what_remains_after_refunds"),
        ("int_order_refunds_dated", "refund_is_not_dated_before_the_payment"),
    ],
    "person merged by key": [
        ("int_member_keys_resolved", "union_key_wins_over_the_key_of_the_platform"),
        ("int_membership_channels_attributed", "each_spell_has_the_code_of_its_own_join"),
    ],
}

# Macros that name, read or write something instead of computing a value; what they do shows in every build.
PLUMBING = {
    *("export", "landed_reader", "landed_parts", "raw", "lineage_columns", "generate_schema_name", "place"),
    *("report_quarantine", "not_materialized"),
    "check_engine",  # needs a server that is set up wrongly
    *("check_export_files", "require_known_files", "csv_headers", "require_sound_csv", "require_columns"),
    "drop_relation_if_exists",  # dbt calls it for every table
    *("engine_type", "where_hash_repeats"),  # every seed and mart, every key; bad rows ring it on each engine
    # test_landed_exports, and the legs of the engines: harness.increments, harness.engines
    *("files_of_landing", "require_known_format", "files_at", "require_loaded", "require_plain_name"),
    *("refuse_demo_over_exports", "is_built_of_exports"),
    "in_declared_types",  # the marts of the three engines are compared
    # dbt calls them for every seed; the comparison of engines is of what came of it
    *("seed_columns", "create_seed_table", "insert_seed_rows"),
    *("require_sound_seed", "refuse_raw_identifiers", "key_prefixes"),
    # what macros_read_cells_as_documented and macros_read_times_as_documented ask through the macros that use them
    *("trimmed", "key_list_pattern", "rounded_number_pattern", "number_pattern", "epoch_pattern", "strptime_pattern"),
    *("strptime_fields", "blank", "number_limits", "numeric_of_text", "digits_of_text"),
    "exports_of_metrics",  # the unit test of absent_exports
    *(
        "begin_build",
        "build_state",
        "held_marks",
        "rows_of_marks",
        "prepare_marks",
        "write_marks",
        "finish_build",
    ),  # test_faults_of_builds: what a killed build leaves
    # test_increment compares what they leave with a full rebuild
    *("landed_files", "ledger", "touched", "should_full_refresh", "is_same_definition", "definition", "live_parts"),
    *("prepare_increments", "shared_ledgers", "is_landed", "has_ledger", "fingerprint", "ancestors", "found_once"),
    *("read_manifest", "held_parts", "parts_to_read", "part_of_row", "open_parts", "close_parts", "base_of_model"),
    *("parts_of_base", "missing_from", "has_changed_parts", "open_copies", "is_touched_copy", "is_among_copies"),
    *("touched_rows", "close_copies", "runs_of", "items_since_seen", "open_ledger", "note_whole_build", "close_ledger"),
    *("changed_items", "open_message_parts", "gone_messages", "open_message_copies", "close_message_copies"),
    *("is_touched_message", "create_touched", "with_variables", "columns_but", "numbers", "hash_of_row"),
    *("remember_touched_days", "is_near_touched_days", "hold_model", "in_turn", "by_day", "stored_definitions"),
    *("whole_runs", "write_ledger", "touch_days", "days_to_touch", "inputs_of_messages", "end_of_time"),
    *("changes_of_memberships", "sum_of_hashes"),
    # harness.increments, on Spark
    *("properties_of", "keep_rows_made", "drop_days_without_rows", "replace_ledger", "in_few_files", "hold_parts"),
    "drop_partitions",
    *("open_repeated_messages", "close_repeated_messages", "days_that_questions_reach"),
    *("days_of_messages", "traits_of_senders", "senders_noted", "chats_of_communities", "open_flagged_messages"),
    *("close_flagged_messages", "days_that_rules_reach", "is_on_touched_day", "is_on_rewritten_day"),
    *("open_days_of_messages", "close_days_of_messages"),
    "days_that_replies_reach",
    *("open_days", "close_days", "days_of_model", "days_of_rows", "is_on_covered_day", "unseen_membership_changes"),
    *("seen_membership_changes", "days_of_changed_speakers", "inputs_of_message_days", "open_message_days"),
    *("close_message_days", "inputs_of_message_hours", "open_message_hours", "close_message_hours"),
    *("inputs_of_activities", "open_activities", "close_activities", "inputs_of_interaction_days"),
    *("open_interaction_days", "close_interaction_days", "inputs_of_message_shares", "open_message_shares"),
    "close_message_shares",
    *("create_ledger", "noted_rows", "note_changes", "note_table_changes", "open_items", "close_items"),
    *("followed", "touch_items", "is_touched_item", "orders_of_shop", "group_buy_inputs", "open_order_versions"),
    *("close_order_versions", "open_order_lines", "close_order_lines", "bounds_of_shops"),
    *("open_resolved_orders", "close_resolved_orders", "costs_of_products", "open_order_costs"),
    *("close_order_costs", "reach_of_communities", "open_order_touches", "close_order_touches", "open_sales"),
    *("close_sales", "open_buyer_ages", "snapshots_of", "changed_snapshots", "open_snapshots"),
    *("close_snapshots", "is_touched_snapshot"),
    *("persons_of_keys_since_seen", "persons_of_changed_communities", "lists_of_communities"),
    *("traits_of_communities", "day_of_calendar", "is_passed_by_calendar", "open_evidence", "close_evidence"),
    *("inputs_of_stays", "open_stays", "close_stays", "codes_of_channels", "open_channels", "close_channels"),
    *("communities_of_memberships", "open_memberships", "close_memberships", "memberships_that_count"),
    *("are_leaves_evidenced", "inputs_of_retention", "open_retention", "close_retention"),
}
# what identities are made of: test_identities_ring has each of them ring on a spoiled warehouse
OF_IDENTITIES = {"compare_sides", "name_sides", "is_not_among", *(f"test_{name}" for name in (*IDENTITIES, KEYS))}
MACRO_TESTS = (
    *("macros_read_cells_as_documented", "macros_read_times_as_documented", "macros_compute_as_documented"),
    "macros_read_contracts_as_documented",
)
GENERIC_TESTS = "generic_tests_fail_on_bad_rows"


@pytest.fixture(scope="module")
def manifest():
    """What dbt last wrote about the project."""
    if not MANIFEST.is_file():
        pytest.skip("target/manifest.json is missing: run `make test-build` or `.venv/bin/dbt parse`")
    return json.loads(MANIFEST.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def unit_tests(manifest):
    """Unit tests by (model, name)."""
    return {(t["model"], t["name"]): t for t in manifest["unit_tests"].values() if t["package_name"] == PROJECT}


def own(resources):
    return [r for r in resources.values() if r["package_name"] == PROJECT]


def rules_in(sql):
    """Kinds of rules that a model's SQL holds, comments left out."""
    sql = COMMENT.sub(" ", sql).lower()
    return [rule for rule, pattern in RULES.items() if re.search(pattern, sql)]


def words(text):
    """Lower case, with spaces for whatever joins words."""
    return re.sub(r"[\W_]+", " ", text.lower())


def what_it_says(test):
    """Description and rows of a unit test as words."""
    rows = [given["rows"] for given in test["given"]] + [test["expect"]["rows"]]
    return words(f"{test['name']} {test['description']} {json.dumps(rows, ensure_ascii=False, default=str)}")


def singular_test(manifest, name):
    return manifest["nodes"].get(f"test.{PROJECT}.{name}")


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("select case when a then 1 end", "case"),
        ("select lag(a) over (order by b)", "window"),
        ("select sum(a) over w", "window"),
        ("select distinct a", "dedupe"),
        ("select a union all select b", "union"),
        ("select {{ dbt.dateadd('day', 1, 'a') }}", "date"),
        ("select {{ parse_money(raw('a'), 'fen') }}", "parsing"),
    ],
)
def test_a_rule_is_found_in_sql_and_not_in_its_comments(sql, rule):
    assert rule in rules_in(sql)
    assert rules_in(f"-- {sql}\nselect a from b /* {sql} */ {{# {sql} #}}") == []


def test_every_model_with_a_rule_has_a_unit_test(manifest, unit_tests):
    tested = {model for model, _ in unit_tests}
    models = [n for n in own(manifest["nodes"]) if n["resource_type"] == "model"]
    wrong = [
        f"{model['original_file_path']}: no unit test, and it holds a rule ({', '.join(rules)})"
        for model in models
        if (rules := rules_in(model["raw_code"])) and model["name"] not in tested and model["name"] not in EXCUSED
    ]
    wrong += [f"{name}: excused, but it has a unit test or is gone" for name in EXCUSED if name in tested]
    assert not wrong, "\n".join(sorted(wrong))


@pytest.mark.parametrize("edge", EDGES)
def test_every_edge_is_named_by_the_unit_tests_that_prove_it(unit_tests, edge):
    assert EDGES[edge]
    wrong = [
        f"{model}: {name}: " + ("does not say that it is about: " + edge if test else "no such unit test")
        for model, name in EDGES[edge]
        if not (test := unit_tests.get((model, name))) or words(edge) not in what_it_says(test)
    ]
    assert not wrong, "\n".join(wrong)


def test_every_macro_that_computes_is_called_by_a_test_of_macros(manifest):
    tests = [singular_test(manifest, name) for name in MACRO_TESTS]
    assert all(tests), f"missing: {[name for name in MACRO_TESTS if not singular_test(manifest, name)]}"
    called = "\n".join(COMMENT.sub(" ", test["raw_code"]) for test in tests)
    names = {m["name"] for m in own(manifest["macros"])}
    dispatched = ("default__", "duckdb__", "postgres__", "spark__")
    computing = {n for n in names if not n.startswith((*dispatched, "test_"))} - PLUMBING - OF_IDENTITIES
    assert names >= PLUMBING, f"no longer there: {PLUMBING - names}"
    untested = {name for name in computing if not re.search(rf"\b{name}\(", called)}
    assert not untested, f"macros that no test of macros calls: {sorted(untested)}"


def test_every_generic_test_is_shown_to_fail(manifest):
    test = singular_test(manifest, GENERIC_TESTS)
    assert test, f"tests/{GENERIC_TESTS}.sql is missing"
    names = {m["name"] for m in own(manifest["macros"]) if m["name"].startswith("test_")} - OF_IDENTITIES
    assert names, "the project has generic tests of its own"
    unshown = {name for name in names if f"{name}(" not in test["raw_code"]}
    assert not unshown, f"generic tests that are not held over bad rows: {sorted(unshown)}"
