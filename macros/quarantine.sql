{#
    Number of the first check that a raw row fails, NULL on a sound row. checks: list of (raw column, SQL condition that
    is true on a bad row, reason with what to do), with a fourth part 'hidden' where the value may be a raw identifier:
    then two characters of it are shown. The conditions stand here alone; problem_columns() looks up the rest.
#}
{% macro first_problem(checks) -%}
    case
        {%- for check in checks %}
        when {{ check[1] }} then {{ loop.index }}
        {%- endfor %}
    end
{%- endmacro %}

{#
    Columns problem_column, problem_value and problem_reason of the check that problem_number names. Column and reason
    are looked up by position: an engine that moves a filter on them into the view copies the number once, and not
    once per check.
#}
{% macro problem_columns(checks) -%}
    {%- set names = checks | map(attribute=0) | join('|') -%}
    {%- set reasons = checks | map(attribute=2) | join('|') | replace("'", "''") -%}
    split_part('{{ names }}', '|', problem_number) as problem_column,
        case problem_number
        {%- for check in checks %}
        {%- set start = dbt.concat(['left(' ~ raw(check[0]) ~ ', 2)', "'…'"]) %}
        when {{ loop.index }} then {{ start if check[3] == 'hidden' else 'nullif(' ~ raw(check[0]) ~ ", '')" }}
        {%- endfor %}
    end as problem_value,
        split_part('{{ reasons }}', '|', problem_number) as problem_reason
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
            'with ranked as (select *, row_number() over (partition by export_name, problem_column, problem_value, '
            ~ 'problem_reason order by source_row, source_file) as place, count(*) over (partition by export_name, '
            ~ 'problem_column, problem_value, problem_reason) as rows_alike from ' ~ built[0].node.relation_name
            ~ ' where not is_acknowledged) select export_name, source_file, source_row, problem_column, problem_value, '
            ~ 'problem_reason, rows_alike from ranked where place = 1 order by 1, 4, 5'
        ).rows -%}
        {%- for row in rows -%}
            {%- if loop.index <= 20 -%}
                {%- set value = 'blank' if row[4] is none else '"' ~ row[4] ~ '"' -%}
                {{ log(
                    'quarantined: ' ~ row[0] ~ ', file ' ~ row[1] ~ ', row ' ~ row[2] ~ ', column ' ~ row[3]
                    ~ ', value ' ~ value ~ ': ' ~ row[5] ~ (' (' ~ row[6] ~ ' rows)' if row[6] > 1 else ''),
                    info=true
                ) }}
            {%- endif -%}
        {%- endfor -%}
        {%- if rows -%}
            {{ log(
                'The tables are complete without these cells. ' ~ rows | length ~ ' kinds of problem wait for somebody'
                ~ ' to mend the export or acknowledge them, see quality.quarantined_rows.',
                info=true
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
