{#
    Before a build replaces anything: marks the tables that it is about to replace as unfinished. A build that is killed
    or fails leaves the mark; kpi export and kpi publish then take nothing out of a warehouse in which new tables stand
    beside old ones. Only a build of the same tables that succeeds takes the mark away (finish_build).
#}
{% macro begin_build() -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'seed'] -%}
        {%- set marks = [] -%}
        {%- for node in graph.nodes.values() -%}
            {%- if node.unique_id in selected_resources and node.resource_type in ['model', 'seed'] -%}
                {%- do marks.append(('unfinished', node.name)) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if marks -%}{%- do write_marks(marks, []) -%}{%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#
    After a run: takes the mark from each table that was replaced, and from names that the project has no longer. A data
    test that failed is an alarm until it passes; alarms keep nothing from being exported, for the tables are complete.
    A run that replaced tables leaves its id: metrics exported before it are of another build.
#}
{% macro finish_build(results) -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'seed', 'test'] -%}
        {%- set known, settled, marks = [], [], [] -%}
        {%- set replaced = namespace(any=false) -%}
        {%- for node in graph.nodes.values() -%}{%- do known.append(node.name) -%}{%- endfor -%}
        {%- for result in results -%}
            {%- if result.node.resource_type in ['model', 'seed'] and result.status == 'success' -%}
                {%- do settled.append(('unfinished', result.node.name)) -%}
                {%- set replaced.any = true -%}
            {%- elif result.node.resource_type == 'test' and result.status in ['pass', 'warn'] -%}
                {%- do settled.append(('alarm', result.node.name)) -%}
            {%- elif result.node.resource_type == 'test' and result.status in ['fail', 'error'] -%}
                {%- do marks.append(('alarm', result.node.name)) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if replaced.any -%}{%- do marks.append(('build', invocation_id)) -%}{%- endif -%}
        {%- for state, name in held_marks() -%}
            {%- if (state == 'build' and replaced.any) or (state != 'build' and name not in known) -%}
                {%- do settled.append((state, name)) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do write_marks(marks, settled) -%}
    {%- endif -%}
{%- endmacro %}

{# The table of the marks; it is no model, for it must be written before and after all models. #}
{% macro build_state() -%}
    {{ return(api.Relation.create(
        database=target.database, schema=place('quality'), identifier='build_state'
    )) }}
{%- endmacro %}

{# The marks that stand, as (state, name). #}
{% macro held_marks() -%}
    {%- do prepare_marks() -%}
    {%- set marks = [] -%}
    {%- for row in run_query('select state, name from ' ~ build_state()).rows -%}
        {%- do marks.append((row[0], row[1])) -%}
    {%- endfor -%}
    {{ return(marks) }}
{%- endmacro %}

{# Marks as a list of rows in SQL. #}
{% macro rows_of_marks(marks) -%}
    {%- set rows = [] -%}
    {%- for state, name in marks -%}{%- do rows.append("('" ~ state ~ "', '" ~ name ~ "')") -%}{%- endfor -%}
    {{ return(rows | join(', ')) }}
{%- endmacro %}

{# Makes the table of the marks where there is none. #}
{% macro prepare_marks() -%}
    {{ return(adapter.dispatch('prepare_marks', 'community_metrics')()) }}
{%- endmacro %}

{% macro default__prepare_marks() -%}
    {%- do run_query(
        'create schema if not exists ' ~ build_state().without_identifier().include(database=false) ~ '; '
        ~ 'create table if not exists ' ~ build_state() ~ ' (state varchar, name varchar, primary key (state, name))'
    ) -%}
{%- endmacro %}

{# Sets marks and takes others away, all or nothing; one that is set already stays. Both are lists of (state, name). #}
{% macro write_marks(marks, settled) -%}
    {%- do prepare_marks() -%}
    {{ return(adapter.dispatch('write_marks', 'community_metrics')(marks, settled)) }}
{%- endmacro %}

{% macro default__write_marks(marks, settled) -%}
    {%- if marks or settled -%}
        {%- do run_query(
            'begin; delete from ' ~ build_state() ~ ' where (state, name) in (' ~ rows_of_marks(marks + settled) ~ '); '
            ~ ('insert into ' ~ build_state() ~ ' values ' ~ rows_of_marks(marks) ~ '; ' if marks else '')
            ~ 'commit'
        ) -%}
    {%- endif -%}
{%- endmacro %}
