{#
    The one door through which raw rows enter. An export is read from
      - the committed seed of the same name, when COMMUNITY_METRICS_EXPORTS is unset or empty;
      - the parts that <directory>/landed.json lists for it, where `kpi ingest` landed it;
      - <directory>/<name>.parquet, <directory>/<name>/**/*.parquet or <directory>/<name>.csv otherwise;
      - on PostgreSQL the table into which `kpi load` has copied these, for a server reads no files of ours;
      - nowhere, when the directory holds none of these: no rows, right columns, and NULL metrics downstream.
    Each cell arrives as text in a column called raw_<header>, see raw(). The headers are those of the contract, unless
    others are given: acknowledged_quarantine comes the same way and is no export.
    A file that lacks a declared column stops the build with its name, the column and what to do.
    by_part adds the column landed_part and, where the table is there and of the same definition, leaves out the parts
    that it has already, see increments.sql.
#}
{% macro export(name, columns=none, by_part=false) -%}
    {%- set columns = columns or export_columns(name) -%}
    {%- set landing = env_var('COMMUNITY_METRICS_EXPORTS', '') -%}
    {%- set part = "'seed'" -%}
    {%- if landing == '' -%}
        {%- set rows = ref(name) -%}
    {%- elif not execute -%}
        {%- set rows = none -%}
    {%- elif by_part -%}
        {%- set parts = parts_to_read(name) -%}
        {%- set rows = landed_reader(landing, name, columns, only=parts.keys() | list) -%}
        {%- set part = part_of_row(parts) -%}
    {%- else -%}
        {%- set rows = landed_reader(landing, name, columns) -%}
    {%- endif -%}
    (
        select
            {%- if by_part %}
            cast({{ 'null' if rows is none else part }} as {{ dbt.type_string() }}) as landed_part,
            {%- endif %}
            {%- for column in columns %}
            {%- set cell = 'null' if rows is none else adapter.quote(column) %}
            cast({{ cell }} as {{ dbt.type_string() }}) as {{ raw(column) }}{{ ',' if not loop.last }}
            {%- endfor %}
        {{ 'where 1 = 0' if rows is none else 'from ' ~ rows }}
    )
{%- endmacro %}

{#
    What stands behind `from` to read what a landing directory holds for an export, once its columns are checked; or none.
    only: files to read of those found; then part_of_row() can be told of each row.
#}
{% macro landed_reader(directory, name, columns, only=none) -%}
    {{ return(adapter.dispatch('landed_reader', 'community_metrics')(directory, name, columns, only)) }}
{%- endmacro %}

{% macro default__landed_reader(directory, name, columns, only) -%}
    {%- set function, files = landed_files(directory, name) -%}
    {%- set paths = [] -%}
    {%- for file in files if only is none or file in only -%}
        {%- do paths.append("'" ~ file | replace("'", "''") ~ "'") -%}
    {%- endfor -%}
    {%- if not paths -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set options = {
        'read_parquet': 'union_by_name = true, hive_partitioning = false',
        'read_csv': "all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"', "
            ~ "null_padding = false, strict_mode = true",
    }[function] -%}
    {%- set filename = '' if only is none else ', filename = true' -%}
    {%- set reader = function ~ '([' ~ paths | join(', ') ~ '], ' ~ options ~ filename ~ ')' -%}
    {%- if function == 'read_csv' -%}
        {%- do require_sound_csv(files[0], csv_headers([files[0]]).get(files[0]), columns) -%}
    {%- else -%}
        {%- set found = run_query('select column_name from (describe select * from ' ~ reader ~ ')') -%}
        {%- set place = files[0] if files | length == 1 else directory.rstrip('/') ~ '/' ~ name -%}
        {%- do require_columns(place, columns, found.columns[0].values() | list) -%}
    {%- endif -%}
    {{ return(reader) }}
{%- endmacro %}

{#
    The files of an export in a landing directory and the function that reads them, as (function, list of paths): parts
    of the manifest, one Parquet file, a folder of them, or one CSV, in this order; (none, []) where there is nothing.
#}
{% macro landed_files(directory, name) -%}
    {{ return(adapter.dispatch('landed_files', 'community_metrics')(directory, name)) }}
{%- endmacro %}

{% macro default__landed_files(directory, name) -%}
    {%- set stem = directory.rstrip('/') ~ '/' -%}
    {%- set parts = landed_parts(directory, name) -%}
    {%- if parts -%}
        {%- set paths = [] -%}
        {%- for part in parts -%}{%- do paths.append(stem ~ part) -%}{%- endfor -%}
        {{ return(('read_parquet', paths)) }}
    {%- endif -%}
    {%- set candidates = [('read_parquet', '.parquet'), ('read_csv', '.csv')] -%}
    {#- beside a manifest a folder holds what ingest landed, and what is not in the manifest is not live -#}
    {%- if parts is none -%}
        {%- do candidates.insert(1, ('read_parquet', '/**/*.parquet')) -%}
    {%- endif -%}
    {%- for function, ending in candidates -%}
        {%- set pattern = (stem ~ name ~ ending) | replace("'", "''") -%}
        {%- set files = run_query("select file from glob('" ~ pattern ~ "') order by file").columns[0].values() -%}
        {%- if files -%}
            {{ return((function, files | list)) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return((none, [])) }}
{%- endmacro %}

{#
    Paths, relative to a landing directory, of the parts that its manifest lists for an export, or for all exports
    where the name is none; none when the directory has no manifest. A run reads the manifest once.
#}
{% macro landed_parts(directory, name=none) -%}
    {%- set known = found_once() -%}
    {%- if directory not in known -%}{%- do known.update({directory: read_manifest(directory)}) -%}{%- endif -%}
    {%- set parts = known[directory] -%}
    {%- if parts is none or name is not none -%}
        {{ return(none if parts is none else parts.get(name, [])) }}
    {%- endif -%}
    {{ return(parts.values() | sum(start=[])) }}
{%- endmacro %}

{# The parts that the manifest of a landing directory lists, as {export: paths}; none when there is no manifest. #}
{% macro read_manifest(directory) -%}
    {{ return(adapter.dispatch('read_manifest', 'community_metrics')(directory)) }}
{%- endmacro %}

{% macro default__read_manifest(directory) -%}
    {%- set manifest = (directory.rstrip('/') ~ '/landed.json') | replace("'", "''") -%}
    {%- if run_query("select count(*) from glob('" ~ manifest ~ "')").columns[0].values()[0] == 0 -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set format = run_query("select content ->> 'format' from read_text('" ~ manifest ~ "')").columns[0].values()[0] -%}
    {%- do require_known_format(directory, format) -%}
    {%- set parts = {} -%}
    {%- for path in run_query(
        "select unnest(json_extract_string(content, '$.files[*].parts[*].path')) as path from read_text('" ~ manifest ~ "')"
    ).columns[0].values() -%}
        {%- do parts.setdefault(path.split('/')[0], []).append(path) -%}
    {%- endfor -%}
    {{ return(parts) }}
{%- endmacro %}

{# Stops with a message unless a manifest is of the format that is read here. #}
{% macro require_known_format(directory, format) -%}
    {%- if format != '1' -%}
        {{ exceptions.raise_compiler_error(
            directory.rstrip('/') ~ '/landed.json: written by another version of kpi ingest (format ' ~ format
            ~ '). Update this checkout.'
        ) }}
    {%- endif -%}
{%- endmacro %}

{# What a run finds out once. All nodes of a run are given the same graph; dbt has no other object that they share. #}
{% macro found_once() -%}
    {{ return(graph.setdefault('found_once in ' ~ invocation_id, {})) }}
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
