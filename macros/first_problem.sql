{#
    Columns problem_column, problem_value and problem_reason: the first check that a raw row fails, all NULL on a sound row.
    checks: list of (raw column, SQL condition that is true on a bad row, reason with what to do).
#}
{% macro first_problem(checks) -%}
    case {% for column, condition, reason in checks %}when {{ condition }} then '{{ column }}' {% endfor %}end as problem_column,
    case {% for column, condition, reason in checks %}when {{ condition }} then {{ raw(column) }} {% endfor %}end as problem_value,
    case {% for column, condition, reason in checks %}when {{ condition }} then '{{ reason | replace("'", "''") }}' {% endfor %}end as problem_reason
{%- endmacro %}
