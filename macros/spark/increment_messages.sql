{#
    The archive is partitioned by day and part: a new part is new partitions, and the partitions of one that is gone are
    dropped, so an increment reads no rows that are there already. A part's rows are put in once, whatever happened before.
#}
{% macro spark__open_message_parts() -%}
    {%- if is_landed() and is_incremental() -%}
        {%- set gone = missing_from(held_parts(), live_parts('wecom__messages').values() | list) -%}
        {%- for part in gone or [] -%}
            {%- if config.get('file_format') in ['delta', 'iceberg'] -%}
                {%- do run_query('delete from ' ~ this ~ ' where landed_part = ' ~ part) -%}
            {%- else -%}
                {%- do run_query('alter table ' ~ this ~ ' drop if exists partition (landed_part = ' ~ part ~ ')') -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{# Copies are few, and compared whole: it takes the names of all messages, and nothing else of them. #}
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
