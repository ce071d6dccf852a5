{# What daily models do around their increments (docs/decisions/0068); increments.sql says how. #}

{#
    Before a model that holds rows by day: the days on which an input has another version than the ledger says, and those
    of further queries of date_day; their rows go. inputs: {input: query of item, a day, and version}. With by_month the
    model holds rows by month in `column`, and a day that changed touches all days of its month. Where an input says
    something of rows up to `ahead` days later or `back` days earlier, those days are done again too, and the days around
    them are read.
#}
{% macro open_days(inputs, queries=[], column='date_day', by_month=false, ahead=0, back=0) -%}
    {{ open_ledger() }}
    {%- if execute and is_incremental() %}
    {{ in_turn(touch_days(days_to_touch(inputs, queries, by_month, ahead, back), column)) }}
    {%- endif %}
{%- endmacro %}

{# Statements that note the touched days of a query, date_day and is_rewritten, and take the rows of those that are. #}
{% macro touch_days(query, column) -%}
    {{ return(adapter.dispatch('touch_days', 'community_metrics')(query, column)) }}
{%- endmacro %}

{% macro default__touch_days(query, column) -%}
    {{ create_touched('days') }} as
    {{ query }};
    {{ remember_touched_days() }}
    delete from {{ this }} where {{ column }} in (select date_day from {{ touched('days') }} where is_rewritten);
{%- endmacro %}

{# Query of the days that open_days() is told of, and whether each is done again or only read for others that are. #}
{% macro days_to_touch(inputs, queries, by_month, ahead, back) -%}
    with changed as (
        {%- for input, now in inputs.items() %}
        select cast(item as date) as date_day from ({{ changed_items(input, now) }}) as {{ input }}
        {{ 'union' if not loop.last or queries }}
        {%- endfor %}
        {%- for query in queries %}
        select date_day from ({{ query }}) as query_{{ loop.index }}
        {{ 'union' if not loop.last }}
        {%- endfor %}
    )
    select date_day, bool_or(is_rewritten) as is_rewritten
    from (
        {%- if by_month %}
        select
            {{ day_spine("date_trunc('month', changed.date_day)", dbt.last_day('changed.date_day', 'month')) }} as date_day,
            true as is_rewritten
        from changed
        {%- else %}
        select
            changed.date_day + around.days as date_day,
            around.days between {{ -back }} and {{ ahead }} as is_rewritten
        from changed
        cross join {{ numbers(-back - ahead, ahead + back) }} as around (days)
        {%- endif %}
        where changed.date_day is not null
    ) as days_around
    group by date_day
{%- endmacro %}

{# After such a model: what it was built from, and the days that it changed. #}
{% macro close_days(inputs, column='date_day') -%}
    {{ close_ledger(
        inputs,
        'select date_day from ' ~ touched('days') ~ ' where is_rewritten' if is_incremental()
        else 'select distinct ' ~ column ~ ' as date_day from ' ~ this
    ) }}
{%- endmacro %}

{# Whole numbers from the first to the last, as a table of one column that takes its name from what follows. #}
{% macro numbers(first, last) -%}
    (values ({{ range(first, last + 1) | join('), (') }}))
{%- endmacro %}

{# Statements behind the table of touched days that keep the first and the last of them for is_near_touched_days(). #}
{% macro remember_touched_days() -%}
    {{ return(adapter.dispatch('remember_touched_days', 'community_metrics')()) }}
{%- endmacro %}

{% macro default__remember_touched_days() -%}
{%- endmacro %}

{% macro duckdb__remember_touched_days() -%}
    set variable {{ touched('from') }} = (select min(date_day) from {{ touched('days') }});
    set variable {{ touched('to') }} = (select max(date_day) from {{ touched('days') }});
{%- endmacro %}

{# Condition on a day: it is none before the first or after the last of the touched ones. #}
{% macro is_near_touched_days(column) -%}
    {{ return(adapter.dispatch('is_near_touched_days', 'community_metrics')(column)) }}
{%- endmacro %}

{% macro default__is_near_touched_days(column) -%}
    {{ column }} between
        (select min(date_day) from {{ touched('days') }}) and (select max(date_day) from {{ touched('days') }})
{%- endmacro %}

{% macro duckdb__is_near_touched_days(column) -%}
    {{ column }} between getvariable('{{ touched('from') }}') and getvariable('{{ touched('to') }}')
{%- endmacro %}

{#
    Condition on a day: it is done again, or is read for others that are. The column has to be a stored one: then only the
    row groups between the first and the last of these days are read, also where a view with joins is between.
#}
{% macro is_on_touched_day(column) -%}
    {{ is_near_touched_days(column) }}
    and {{ column }} in (select date_day from {{ touched('days') }})
{%- endmacro %}

{# Condition on a day, likewise: it is done again. #}
{% macro is_on_rewritten_day(column) -%}
    {{ is_near_touched_days(column) }}
    and {{ column }} in (select date_day from {{ touched('days') }} where is_rewritten)
{%- endmacro %}

{# Days that a daily model changed, with the run that changed them last. covered: only days that the archive covers. #}
{% macro days_of_model(name, covered=false) -%}
    select days.item, days.version
    from {{ ledger(name) }} as days
    {%- if covered %}
    inner join {{ ref('int_exports_covered') }} as exports
        on exports.export_name = 'wecom__messages'
        and exports.is_loaded
        and cast(days.item as date) between exports.first_day and exports.last_day
    {%- endif %}
    where days.input = 'self'
{%- endmacro %}

{# Days of a table with all that a model reads of them as one number. columns: what is read; rows: condition on them. #}
{% macro days_of_rows(relation, columns, date_day='date_day', rows='true') -%}
    select cast({{ date_day }} as {{ dbt.type_string() }}) as item, {{ sum_of_hashes(row_hash(columns)) }} as version
    from {{ relation }}
    where {{ rows }}
    group by {{ date_day }}
{%- endmacro %}

{# Condition on a day: the message archive covers it. #}
{% macro is_on_covered_day(column) -%}
    {{ column }} between
        (select first_day from {{ ref('int_exports_covered') }} where export_name = 'wecom__messages' and is_loaded)
        and (select last_day from {{ ref('int_exports_covered') }} where export_name = 'wecom__messages' and is_loaded)
{%- endmacro %}

{# Query of the changes of memberships that the running model has not seen. #}
{% macro unseen_membership_changes() -%}
    {{ return(adapter.dispatch('unseen_membership_changes', 'community_metrics')()) }}
{%- endmacro %}

{% macro default__unseen_membership_changes() -%}
    select community_id, person_id, changed_from, coalesce(changed_to, {{ end_of_time() }}) as changed_to
    from {{ place('increments') }}.membership_changes
    where change_number > (
        select coalesce(max(cast(version as bigint)), 0) from {{ ledger() }} where input = 'membership_changes'
    )
{%- endmacro %}

{# Which changes of memberships there are: query of item and version for the ledger. #}
{% macro seen_membership_changes() -%}
    {{ return(adapter.dispatch('seen_membership_changes', 'community_metrics')()) }}
{%- endmacro %}

{% macro default__seen_membership_changes() -%}
    select 'last' as item, cast(coalesce(max(change_number), 0) as varchar) as version from {{ place('increments') }}.membership_changes
{%- endmacro %}

{# Query of the days on which somebody spoke while a membership of theirs changed. spoken: table of who spoke when. #}
{% macro days_of_changed_speakers(spoken) -%}
    select distinct spoken.date_day
    from {{ spoken }} as spoken
    inner join ({{ unseen_membership_changes() }}) as changes
        on spoken.community_id = changes.community_id
        and spoken.person_id = changes.person_id
        and spoken.date_day >= cast(changes.changed_from as date)
        and cast(spoken.date_day as timestamp) <= changes.changed_to
{%- endmacro %}

{% macro inputs_of_message_days() -%}
    {{ return({'days': days_of_model('int_messages_flagged')}) }}
{%- endmacro %}

{% macro open_message_days() -%}
    {{ open_days(inputs_of_message_days(), [days_of_changed_speakers(this)]) }}
{%- endmacro %}

{% macro close_message_days() -%}
    {{ close_days(dict(inputs_of_message_days(), membership_changes=seen_membership_changes())) }}
{%- endmacro %}

{# A community without messages has a row on each day on which it is there, so these days count too. #}
{% macro inputs_of_message_hours() -%}
    {{ return({
        'days': days_of_model('int_messages_flagged', covered=true),
        'communities': days_of_rows(
            ref('int_community_days_spanned'), ['community_id'], rows=is_on_covered_day('date_day')
        ),
    }) }}
{%- endmacro %}

{% macro open_message_hours() -%}
    {{ open_days(inputs_of_message_hours(), [days_of_changed_speakers(ref('int_message_days_counted'))]) }}
{%- endmacro %}

{% macro close_message_hours() -%}
    {{ close_days(dict(inputs_of_message_hours(), membership_changes=seen_membership_changes())) }}
{%- endmacro %}

{# An order makes active only who is a member when paying, so memberships are an input too. #}
{% macro inputs_of_activities() -%}
    {%- set counted = 'person_id in (select person_id from ' ~ ref('int_persons_classified') ~ ' where is_counted)' -%}
    {{ return({
        'days': days_of_model('int_message_days_counted'),
        'activity_days': days_of_rows(ref('int_activity_days_spanned'), ['date_day']),
        'interactions': days_of_rows(
            ref('int_interactions_gathered'), ['interaction_id', 'community_id', 'person_id', 'occurred_at'], rows=counted
        ),
        'orders': days_of_rows(
            ref('int_orders_attributed'), ['order_key', 'community_id', 'person_id', 'paid_at'],
            'paid_date', 'is_valid and ' ~ counted
        ),
    }) }}
{%- endmacro %}

{% macro open_activities() -%}
    {%- set paid_by_changed_members -%}
        select distinct orders.paid_date as date_day
        from {{ ref('int_orders_attributed') }} as orders
        inner join ({{ unseen_membership_changes() }}) as changes
            on orders.person_id = changes.person_id
            and orders.paid_at >= changes.changed_from
            and orders.paid_at < changes.changed_to
    {%- endset -%}
    {{ open_days(inputs_of_activities(), [paid_by_changed_members]) }}
{%- endmacro %}

{% macro close_activities() -%}
    {{ close_days(dict(inputs_of_activities(), membership_changes=seen_membership_changes())) }}
{%- endmacro %}

{% macro inputs_of_interaction_days() -%}
    {{ return({
        'days': days_of_model('int_message_days_counted', covered=true),
        'flows': days_of_rows(
            ref('int_membership_flows_counted'), ['community_id', 'channel_id', 'closing_memberships'],
            rows=is_on_covered_day('date_day')
        ),
    }) }}
{%- endmacro %}

{% macro open_interaction_days() -%}
    {{ open_days(inputs_of_interaction_days()) }}
{%- endmacro %}

{% macro close_interaction_days() -%}
    {{ close_days(inputs_of_interaction_days()) }}
{%- endmacro %}

{% macro inputs_of_message_shares() -%}
    {{ return({'days': days_of_model('int_message_days_counted', covered=true)}) }}
{%- endmacro %}

{% macro open_message_shares() -%}
    {{ open_days(inputs_of_message_shares(), column='month_start_date', by_month=true) }}
{%- endmacro %}

{% macro close_message_shares() -%}
    {{ close_days(inputs_of_message_shares(), column='month_start_date') }}
{%- endmacro %}
