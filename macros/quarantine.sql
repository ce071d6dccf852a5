{#
    Columns problem_column, problem_value and problem_reason: the first check that a raw row fails, all NULL on a sound
    row. checks: list of (raw column, SQL condition that is true on a bad row, reason with what to do).
#}
{% macro first_problem(checks) -%}
    case
        {%- for column, condition, reason in checks %}
        when {{ condition }} then '{{ column }}'
        {%- endfor %}
    end as problem_column,
    case
        {%- for column, condition, reason in checks %}
        {%- set hidden = reason.startswith('not a pseudonymous key') %}
        {%- set start = dbt.concat(['left(' ~ raw(column) ~ ', 2)', "'…'"]) %}
        when {{ condition }} then {{ start if hidden else 'nullif(' ~ raw(column) ~ ", '')" }}
        {%- endfor %}
    end as problem_value,
    case
        {%- for column, condition, reason in checks %}
        when {{ condition }} then '{{ reason | replace("'", "''") }}'
        {%- endfor %}
    end as problem_reason
{%- endmacro %}

{#
    After a build: prints the first quarantined rows that nobody has acknowledged, so that the failing test need not be
    looked up.
#}
{% macro report_quarantine(results) -%}
    {%- set built = results
        | selectattr('node.name', 'equalto', 'quarantined_rows')
        | selectattr('status', 'equalto', 'success')
        | list -%}
    {%- if execute and built -%}
        {%- set rows = run_query(
            'select export_name, source_file, source_row, problem_column, problem_value, problem_reason from '
            ~ built[0].node.relation_name
            ~ ' where not is_acknowledged order by export_name, source_file, source_row'
        ).rows -%}
        {%- for row in rows -%}
            {%- if loop.index <= 20 -%}
                {%- set value = 'blank' if row[4] is none else '"' ~ row[4] ~ '"' -%}
                {{ log(
                    'quarantined: ' ~ row[0] ~ ', file ' ~ row[1] ~ ', row ' ~ row[2] ~ ', column ' ~ row[3]
                    ~ ', value ' ~ value ~ ': ' ~ row[5],
                    info=true
                ) }}
            {%- endif -%}
        {%- endfor -%}
        {%- if rows | length > 20 -%}
            {{ log(
                'quarantined: ' ~ (rows | length - 20) ~ ' more rows, see quality.quarantined_rows', info=true
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
