{#
    Rows of a table of plain files are neither deleted nor replaced without a moment in which they are not there. So
    every change of a mark is a row more of a log, and the table of the marks a view of the last change of each.
#}
{% macro spark__prepare_marks() -%}
    {%- set log = build_state().incorporate(path={'identifier': 'build_log'}) -%}
    {%- do run_query('create schema if not exists ' ~ build_state().without_identifier().include(database=false)) -%}
    {%- do run_query(
        'create table if not exists ' ~ log ~ ' (noted_at timestamp, state string, name string, is_set boolean) using parquet'
    ) -%}
    {%- do run_query(
        'create view if not exists ' ~ build_state() ~ ' as select state, name from ' ~ log
        ~ ' group by state, name having max_by(is_set, noted_at)'
    ) -%}
{%- endmacro %}

{% macro spark__write_marks(marks, settled) -%}
    {%- set held, rows = held_marks(), [] -%}
    {%- for is_set, changes in [(true, marks), (false, settled)] -%}
        {%- for state, name in changes if ((state, name) in held) != is_set -%}
            {%- do rows.append("(current_timestamp(), '" ~ state ~ "', '" ~ name ~ "', " ~ is_set | lower ~ ')') -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if rows -%}
        {%- do run_query(
            'insert into ' ~ build_state().incorporate(path={'identifier': 'build_log'}) ~ ' values ' ~ rows | join(', ')
        ) -%}
    {%- endif -%}
{%- endmacro %}
