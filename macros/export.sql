{#
    The one door through which raw rows enter. An export is read from
      - the committed seed of the same name, when COMMUNITY_METRICS_EXPORTS is unset or empty;
      - the parts that <directory>/landed.json lists for it, where `kpi ingest` landed it;
      - <directory>/<name>.parquet, <directory>/<name>/**/*.parquet or <directory>/<name>.csv otherwise;
      - nowhere, when the directory holds none of these: no rows, right columns, and NULL metrics downstream.
    Each cell arrives as text in a column called raw_<header>, see raw(). The headers are those of the contract, unless
    others are given: acknowledged_quarantine comes the same way and is no export.
    A file that lacks a declared column stops the build with its name, the column and what to do.
#}
{% macro export(name, columns=none) -%}
    {{ return(adapter.dispatch('export', 'community_metrics')(name, columns or export_columns(name))) }}
{%- endmacro %}

{% macro default__export(name, columns) -%}
    {%- set landing = env_var('COMMUNITY_METRICS_EXPORTS', '') -%}
    {%- if landing == '' -%}
        {%- set rows = ref(name) -%}
    {%- else -%}
        {%- set rows = landed_reader(landing, name, columns) if execute else none -%}
    {%- endif -%}
    (
        select
            {%- for column in columns %}
            {%- set cell = 'null' if rows is none else adapter.quote(column) %}
            cast({{ cell }} as {{ dbt.type_string() }}) as {{ raw(column) }}{{ ',' if not loop.last }}
            {%- endfor %}
        {{ 'where 1 = 0' if rows is none else 'from ' ~ rows }}
    )
{%- endmacro %}

{# The table function that reads what a landing directory holds for an export, once its columns are checked; or none. #}
{% macro landed_reader(directory, name, columns) -%}
    {%- set stem = (directory.rstrip('/') ~ '/' ~ name) | replace("'", "''") -%}
    {%- set parts = landed_parts(directory, name) -%}
    {%- if parts -%}
        {%- set paths = [] -%}
        {%- for part in parts -%}
            {%- do paths.append("'" ~ (directory.rstrip('/') ~ '/' ~ part) | replace("'", "''") ~ "'") -%}
        {%- endfor -%}
        {%- set reader = 'read_parquet([' ~ paths | join(', ') ~ '], union_by_name = true, hive_partitioning = false)' -%}
        {%- set found = run_query('select column_name from (describe select * from ' ~ reader ~ ')') -%}
        {%- do require_columns(directory.rstrip('/') ~ '/' ~ name, columns, found.columns[0].values() | list) -%}
        {{ return(reader) }}
    {%- endif -%}
    {%- set candidates = [
        ('read_parquet', stem ~ '.parquet', 'union_by_name = true'),
        ('read_csv', stem ~ '.csv', "all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"', "
            ~ "null_padding = false, strict_mode = true"),
    ] -%}
    {#- beside a manifest a folder holds what ingest landed, and what is not in the manifest is not live -#}
    {%- if parts is none -%}
        {%- do candidates.insert(
            1, ('read_parquet', stem ~ '/**/*.parquet', 'union_by_name = true, hive_partitioning = false')
        ) -%}
    {%- endif -%}
    {%- for function, pattern, options in candidates -%}
        {%- if run_query("select count(*) from glob('" ~ pattern ~ "')").columns[0].values()[0] > 0 -%}
            {%- set reader = function ~ "('" ~ pattern ~ "', " ~ options ~ ")" -%}
            {%- if function == 'read_csv' -%}
                {%- do require_sound_csv(pattern | replace("''", "'"), columns) -%}
            {%- else -%}
                {%- set found = run_query('select column_name from (describe select * from ' ~ reader ~ ')') -%}
                {%- do require_columns(pattern, columns, found.columns[0].values() | list) -%}
            {%- endif -%}
            {{ return(reader) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(none) }}
{%- endmacro %}

{#
    Paths, relative to a landing directory, of the parts that its manifest lists for an export, or for all exports
    where the name is none; none when the directory has no manifest.
#}
{% macro landed_parts(directory, name=none) -%}
    {%- set manifest = (directory.rstrip('/') ~ '/landed.json') | replace("'", "''") -%}
    {%- if run_query("select count(*) from glob('" ~ manifest ~ "')").columns[0].values()[0] == 0 -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set format = run_query("select content ->> 'format' from read_text('" ~ manifest ~ "')").columns[0].values()[0] -%}
    {%- if format != '1' -%}
        {{ exceptions.raise_compiler_error(
            directory.rstrip('/') ~ '/landed.json: written by another version of kpi ingest (format ' ~ format
            ~ '). Update this checkout.'
        ) }}
    {%- endif -%}
    {%- set found = run_query(
        "select path from (select unnest(json_extract_string(content, '$.files[*].parts[*].path')) as path "
        ~ "from read_text('" ~ manifest ~ "'))" ~ ("" if name is none else " where starts_with(path, '" ~ name ~ "/')")
    ) -%}
    {{ return(found.columns[0].values() | list) }}
{%- endmacro %}

{# Name of a raw cell as export() hands it over: the file's header behind the prefix raw_, quoted for the engine. #}
{% macro raw(column) -%}
    {{ adapter.quote('raw_' ~ column) }}
{%- endmacro %}

{# The three columns that say where a row came from: source_file, source_row, exported_at. #}
{% macro lineage_columns() -%}
    {{ clean_text(raw('_source_file')) }} as source_file,
        {{ try_cast_to(raw('_source_row'), 'integer') }} as source_row,
        {{ text_to_local(raw('_exported_at'), '%Y-%m-%d %H:%M:%S') }} as exported_at
{%- endmacro %}
