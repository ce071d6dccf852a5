{# Parts by export, as `kpi load` has copied them. #}
{% macro postgres__read_manifest(directory) -%}
    {%- set parts = {} -%}
    {%- for export, part in run_query('select export, part from ' ~ place('landing') ~ '.parts').rows -%}
        {%- do parts.setdefault(export, []).append(part) -%}
    {%- endfor -%}
    {{ return(parts) }}
{%- endmacro %}

{% macro postgres__landed_reader(directory, name, columns, only) -%}
    {#- parts are asked for anew by each model that reads by them (live_parts), so what the run found out before says nothing -#}
    {%- if only == [] or (only is none and not landed_parts(directory, name)) -%}{{ return(none) }}{%- endif -%}
    {%- set table = api.Relation.create(database=target.database, schema=place('landing'), identifier=name) -%}
    {%- do require_columns(table | string, columns, adapter.get_columns_in_relation(table) | map(attribute='name') | list) -%}
    {%- if only is none -%}{{ return(table | string) }}{%- endif -%}
    {%- set parts = [] -%}
    {%- for part in only -%}{%- do parts.append("'" ~ part | replace("'", "''") ~ "'") -%}{%- endfor -%}
    {{ return(table ~ ' where landed_part in (' ~ parts | join(', ') ~ ')') }}
{%- endmacro %}
