{#
    The archive is partitioned by day and part: a new part is new partitions, and those of a part that is gone are dropped, so
    an increment reads no rows that are there already. A run that dies half way has put in parts that its ledger does not
    know: they are put in again, over themselves, or are dropped where they are no longer live. So the ledger is written
    before anything goes, and again when everything is there.
#}
{% macro spark__open_message_parts() -%}
    {%- if is_landed() and is_incremental() -%}
        {%- set live, held = live_parts('wecom__messages').values() | list, held_parts() -%}
        {%- if held | sort != live | sort -%}
            {%- do in_turn(hold_parts(held | select('in', live) | list)) -%}
            {%- set stored = run_query('select distinct landed_part from ' ~ this ~ ' where landed_part is not null').columns[0].values() -%}
            {%- set gone = missing_from(stored, live) -%}
            {%- if gone -%}{%- do in_turn(drop_partitions('landed_part', gone)) -%}{%- endif -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# Copies are few, and looked for among all messages: it takes their names, and where each row came from. #}
{% macro spark__open_message_copies() -%}
{%- endmacro %}

{% macro spark__close_message_copies() -%}
{%- endmacro %}

{#
    A day is another one when other parts have rows of it, when another copy of one of its messages counts, or when other
    messages of it were taken back. Which parts are on which day is what its folders are called.
#}
{% macro spark__inputs_of_messages() -%}
    {%- set of_calendar -%}
        exists (
            select 1 from {{ ref('int_calendar_bounded') }} as calendar
            where sent_date >= calendar.history_start_date and sent_date <= calendar.as_of_date
        )
    {%- endset -%}
    {%- set taken_back -%}
        (
            select distinct messages.message_id, messages.sent_date
            from {{ ref('base_wecom__messages') }} as messages
            inner join {{ ref('int_message_recalls_listed') }} as recalls on messages.message_id = recalls.message_id
        ) as taken_back
    {%- endset -%}
    {%- set partitions = '(select distinct sent_date, landed_part from ' ~ ref('base_wecom__messages') ~ ') as partitions' -%}
    {{ return({
        'days': days_of_rows(partitions, ['landed_part'], 'sent_date', of_calendar),
        'copies': days_of_rows(ref('stg_wecom__message_copies'), ['source_file', 'source_row', 'exported_at'], 'sent_date'),
        'recalls': days_of_rows(taken_back, ['message_id'], 'sent_date'),
    }) }}
{%- endmacro %}
