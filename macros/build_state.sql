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
                {%- do marks.append("('unfinished', '" ~ node.name ~ "')") -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if marks -%}
            {%- do run_query(
                build_state_table() ~ 'insert or ignore into quality.build_state values ' ~ marks | join(', ')
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#
    After a run: takes the mark from each table that was replaced, and from names that the project has no longer. A data
    test that failed is an alarm until it passes; alarms keep nothing from being exported, for the tables are complete.
    A run that replaced tables leaves its id: metrics exported before it are of another build.
#}
{% macro finish_build(results) -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'seed', 'test'] -%}
        {%- set known, settled, marks = [], ["('', '')"], [] -%}
        {%- set replaced = namespace(any=false) -%}
        {%- for node in graph.nodes.values() -%}{%- do known.append("'" ~ node.name ~ "'") -%}{%- endfor -%}
        {%- for result in results -%}
            {%- if result.node.resource_type in ['model', 'seed'] and result.status == 'success' -%}
                {%- do settled.append("('unfinished', '" ~ result.node.name ~ "')") -%}
                {%- set replaced.any = true -%}
            {%- elif result.node.resource_type == 'test' and result.status in ['pass', 'warn'] -%}
                {%- do settled.append("('alarm', '" ~ result.node.name ~ "')") -%}
            {%- elif result.node.resource_type == 'test' and result.status in ['fail', 'error'] -%}
                {%- do marks.append("('alarm', '" ~ result.node.name ~ "')") -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if replaced.any -%}{%- do marks.append("('build', '" ~ invocation_id ~ "')") -%}{%- endif -%}
        {%- do run_query(
            build_state_table() ~ 'begin; '
            ~ 'delete from quality.build_state where (state, name) in (' ~ settled | join(', ') ~ ') '
            ~ "or state <> 'build' and name not in (" ~ known | join(', ') ~ ')'
            ~ (" or state = 'build'; " if replaced.any else '; ')
            ~ ('insert or ignore into quality.build_state values ' ~ marks | join(', ') ~ '; ' if marks else '')
            ~ 'commit'
        ) -%}
    {%- endif -%}
{%- endmacro %}

{# Statements that make the table of the marks; it is no model, for it must be written before and after all models. #}
{% macro build_state_table() -%}
    create schema if not exists quality;
    create table if not exists quality.build_state (state varchar, name varchar, primary key (state, name));
{% endmacro %}
