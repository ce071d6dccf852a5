{# A file put by hand is another one when its size or time is. #}
{% macro spark__live_parts(name) -%}
    {%- set landing = env_var('COMMUNITY_METRICS_EXPORTS', '').rstrip('/') -%}
    {%- set format, files = landed_files(landing, name) -%}
    {%- set by_hand = not landed_parts(landing, name) -%}
    {%- set parts = {} -%}
    {%- for file in files -%}
        {%- do parts.update({file: file ~ '@' ~ found_once()['stamps of ' ~ landing][file] if by_hand else file}) -%}
    {%- endfor -%}
    {{ return(parts) }}
{%- endmacro %}

{# Spark gives the whole path, with its scheme and encoded as a URL: the directory is put back as it was named. #}
{% macro spark__part_of_row(parts) -%}
    {%- set stem = env_var('COMMUNITY_METRICS_EXPORTS', '').rstrip('/') -%}
    {%- set levels = (parts.keys() | first)[stem | length + 1:].split('/') | length -%}
    {%- set file =
        'concat(' ~ dbt.string_literal(dbt.escape_single_quotes(stem))
        ~ ", '/', substring_index(_metadata.file_path, '/', -" ~ levels ~ '))' -%}
    {%- set whens = [] -%}
    {%- for name, part in parts.items() if name != part -%}
        {%- do whens.append(
            'when ' ~ dbt.string_literal(dbt.escape_single_quotes(name)) ~ ' then '
            ~ dbt.string_literal(dbt.escape_single_quotes(part))
        ) -%}
    {%- endfor -%}
    {{ return('case ' ~ file ~ ' ' ~ whens | join(' ') ~ ' end' if whens else file) }}
{%- endmacro %}

{% macro spark__close_parts(name) -%}
    {%- if is_landed() -%}
        {%- set live = live_parts(name).values() | list -%}
        {%- set parts = missing_from(live, []) -%}
        {%- set rows = '(values (' ~ parts | join('), (') ~ ')) as parts (item)' if parts else "(select '' as item where 1 = 0) as parts" -%}
        {%- if not is_incremental() -%}
            {{ in_turn(note_whole_build()) }}
        {%- endif -%}
        {%- if not is_incremental() or held_parts() | sort != live | sort -%}
            {{ in_turn(replace_ledger("select 'self' as input, item, '" ~ invocation_id ~ "' as version from " ~ rows)) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
