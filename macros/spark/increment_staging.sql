{#
    By their names in the landing: whole paths would be too long for the names of folders. A file put by hand is another
    one when its size or time is.
#}
{% macro spark__live_parts(name) -%}
    {%- set stem = env_var('COMMUNITY_METRICS_EXPORTS', '').rstrip('/') -%}
    {%- set format, files = landed_files(stem, name) -%}
    {%- set by_hand = not landed_parts(stem, name) -%}
    {%- set parts = {} -%}
    {%- for file in files -%}
        {%- set stamp = '@' ~ found_once()['stamps of ' ~ stem][file] if by_hand else '' -%}
        {%- do parts.update({file: file[stem | length + 1:] ~ stamp}) -%}
    {%- endfor -%}
    {{ return(parts) }}
{%- endmacro %}

{# Spark gives the whole path, with its scheme, and encoded as a URL in which a plus sign is one. #}
{% macro spark__part_of_row(parts) -%}
    {%- set stem = env_var('COMMUNITY_METRICS_EXPORTS', '').rstrip('/') ~ '/' -%}
    {%- set path = "url_decode(replace(_metadata.file_path, '+', '%2B'))" -%}
    {%- set quoted = dbt.string_literal(dbt.escape_single_quotes(stem)) -%}
    {%- set file = 'substring(' ~ path ~ ', instr(' ~ path ~ ', ' ~ quoted ~ ') + ' ~ stem | length ~ ')' -%}
    {%- set whens = [] -%}
    {%- for name, part in parts.items() if name != stem ~ part -%}
        {%- do whens.append(
            'when ' ~ dbt.string_literal(dbt.escape_single_quotes(name[stem | length:])) ~ ' then '
            ~ dbt.string_literal(dbt.escape_single_quotes(part))
        ) -%}
    {%- endfor -%}
    {{ return(
        'case ' ~ file ~ ' ' ~ whens | join(' ') ~ " else raise_error('no live part: ' || " ~ path ~ ') end' if whens else file
    ) }}
{%- endmacro %}

{# Statements after which the ledger of the running base model says that it holds the rows of these parts. #}
{% macro hold_parts(parts) -%}
    {%- set listed = missing_from(parts, []) -%}
    {%- set rows = '(values (' ~ listed | join('), (') ~ '))' if listed else "(select '' as item where 1 = 0)" -%}
    {{ replace_ledger("select 'self' as input, item, '" ~ invocation_id ~ "' as version from " ~ rows ~ ' as parts (item)') }}
{%- endmacro %}

{% macro spark__close_parts(name) -%}
    {%- if is_landed() -%}
        {%- set live = live_parts(name).values() | list -%}
        {%- if not is_incremental() or held_parts() | sort != live | sort -%}{{ in_turn(hold_parts(live)) }}{%- endif -%}
        {%- if not is_incremental() -%}{{ in_turn(note_whole_build()) }}{%- endif -%}
    {%- endif -%}
{%- endmacro %}
