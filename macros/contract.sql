{# What the contract of an export says: its columns, its enumerations and its way of writing nothing. #}
{% macro contract(export_name) -%}
    {%- set known = contracts() -%}
    {%- if export_name not in known -%}
        {{ exceptions.raise_compiler_error(
            "No contract of an export '" ~ export_name ~ "': add kpi/contracts/" ~ export_name ~ ".yml and run "
            ~ "python -m kpi.contracts.derive. Exports with one: " ~ known | join(', ')
        ) }}
    {%- endif -%}
    {{ return(known[export_name]) }}
{%- endmacro %}

{# Headers of an export in their order, the three that landing adds at the end. #}
{% macro export_columns(export_name) -%}
    {{ return(contract(export_name)['columns']) }}
{%- endmacro %}

{#
    The codes of a column as its contract lists them, parted by commas: texts, or numbers where staging compares the
    code as a number.
#}
{% macro contract_values(export_name, column, as='text') -%}
    {%- set values = contract(export_name)['values'] -%}
    {%- if column not in values -%}
        {{ exceptions.raise_compiler_error(
            "The contract of '" ~ export_name ~ "' lists no values of '" ~ column ~ "': add them to kpi/contracts/"
            ~ export_name ~ ".yml and run python -m kpi.contracts.derive. Listed are those of: " ~ values | join(', ')
        ) }}
    {%- endif -%}
    {%- set codes = [] -%}
    {%- for code in values[column] -%}
        {%- do codes.append(code if as == 'number' else "'" ~ code | replace("'", "''") ~ "'") -%}
    {%- endfor -%}
    {{ return(codes | join(', ')) }}
{%- endmacro %}

{# (name, title) of each export that some metric needs. #}
{% macro exports_of_metrics() -%}
    {%- set found = [] -%}
    {%- for name, said in contracts().items() if said['feeds_metrics'] -%}
        {%- do found.append((name, said['title'])) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
