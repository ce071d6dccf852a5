{#
    What `kpi load` has copied, as it is from here to the end of the model's transaction: a load that is under way is waited
    for, and the next one waits.
#}
{% macro postgres__live_parts(name) -%}
    {%- set parts = place('landing') ~ '.parts' -%}
    {%- set found = {} -%}
    {%- for part in run_query(
        'lock table ' ~ parts ~ ' in share mode; select part from ' ~ parts ~ " where export = '" ~ name ~ "' order by part"
    ).columns[0].values() -%}
        {%- do found.update({part: part}) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{% macro postgres__part_of_row(parts) -%}
    landed_part
{%- endmacro %}

{% macro postgres__columns_but(column) -%}
    {%- set columns = [] -%}
    {%- for other in adapter.get_columns_in_relation(this) if other.name != column -%}
        {%- do columns.append(adapter.quote(other.name)) -%}
    {%- endfor -%}
    {{ columns | join(', ') }}
{%- endmacro %}
