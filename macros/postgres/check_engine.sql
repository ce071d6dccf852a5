{# Where rows are ranked, texts are ordered by their bytes, as on the other engines: asked of letters, not of a name. #}
{% macro postgres__check_engine() -%}
    {%- if execute -%}
        {%- set row = run_query(
            "select 'wm-c' < 'wm_B' and 'wm_B' < 'wm_a', getdatabaseencoding(), current_database()"
        ).rows[0] -%}
        {%- if not row[0] or row[1] != 'UTF8' -%}
            {{ exceptions.raise_compiler_error(
                "The PostgreSQL database '" ~ row[2] ~ "' does not order texts by their bytes, or is not in UTF-8: keys "
                ~ "would be ranked otherwise than on the other engines. A database keeps its collation for life, so make "
                ~ "another and name it in COMMUNITY_METRICS_PG_DATABASE: create database community_metrics template "
                ~ "template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C.UTF-8'"
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
