{# Every build is whole, so a file put by hand needs no more than its name. #}
{% macro spark__live_parts(name) -%}
    {%- set format, files = landed_files(env_var('COMMUNITY_METRICS_EXPORTS', ''), name) -%}
    {%- set parts = {} -%}
    {%- for file in files -%}{%- do parts.update({file: file}) -%}{%- endfor -%}
    {{ return(parts) }}
{%- endmacro %}

{# Spark gives the whole path, with its scheme and encoded as a URL; a part of ingest has three names of its own. #}
{% macro spark__part_of_row(parts) -%}
    {%- set file = parts.keys() | first -%}
    {%- set levels = 3 if '/exported_on=' in file else 1 -%}
    {%- set stem = file.rsplit('/', levels)[0] -%}
    concat('{{ stem | replace("\\", "\\\\") | replace("'", "\\'") }}/', substring_index(_metadata.file_path, '/', -{{ levels }}))
{%- endmacro %}
