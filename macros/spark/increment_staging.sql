{# Every build is whole, so a file put by hand needs no more than its name. #}
{% macro spark__live_parts(name) -%}
    {%- set format, files = landed_files(env_var('COMMUNITY_METRICS_EXPORTS', ''), name) -%}
    {%- set parts = {} -%}
    {%- for file in files -%}{%- do parts.update({file: file}) -%}{%- endfor -%}
    {{ return(parts) }}
{%- endmacro %}

{# Spark gives the whole path, with its scheme and encoded as a URL: the directory is put back as it was named. #}
{% macro spark__part_of_row(parts) -%}
    {%- set stem = env_var('COMMUNITY_METRICS_EXPORTS', '').rstrip('/') -%}
    {%- set levels = (parts.keys() | first)[stem | length + 1:].split('/') | length -%}
    concat({{ dbt.string_literal(dbt.escape_single_quotes(stem)) }}, '/', substring_index(_metadata.file_path, '/', -{{ levels }}))
{%- endmacro %}
