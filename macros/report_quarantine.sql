{# After a build: prints the first quarantined rows that nobody has acknowledged, so that the failing test need not be looked up. #}
{% macro report_quarantine(results) -%}
    {%- set built = results | selectattr('node.name', 'equalto', 'quarantined_rows') | selectattr('status', 'equalto', 'success') | list -%}
    {%- if execute and built -%}
        {%- set rows = run_query(
            'select export_name, source_file, source_row, problem_column, problem_value, problem_reason from ' ~ built[0].node.relation_name
            ~ ' where not is_acknowledged order by export_name, source_file, source_row'
        ).rows -%}
        {%- for row in rows -%}
            {%- if loop.index <= 20 -%}
                {{ log('quarantined: ' ~ row[0] ~ ', file ' ~ row[1] ~ ', row ' ~ row[2] ~ ', column ' ~ row[3] ~ ', value ' ~ ('"' ~ row[4] ~ '"' if row[4] is not none else 'blank') ~ ': ' ~ row[5], info=true) }}
            {%- endif -%}
        {%- endfor -%}
        {%- if rows | length > 20 -%}
            {{ log('quarantined: ' ~ (rows | length - 20) ~ ' more rows, see quality.quarantined_rows', info=true) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
