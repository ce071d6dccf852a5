{#
    The one door through which raw rows enter. An export is read from
      - the committed seed of the same name, when COMMUNITY_METRICS_EXPORTS is unset or empty;
      - <directory>/<name>.parquet, <directory>/<name>/**/*.parquet or <directory>/<name>.csv otherwise;
      - nowhere, when the directory holds none of these: no rows, right columns, and NULL metrics downstream.
    Each cell arrives as text in a column called raw_<header>, see raw().
    A file that lacks a declared column stops the build with its name, the column and what to do.
#}
{% macro export(name, columns) -%}
    {{ return(adapter.dispatch('export', 'community_metrics')(name, columns)) }}
{%- endmacro %}

{% macro default__export(name, columns) -%}
    {%- set landing = env_var('COMMUNITY_METRICS_EXPORTS', '') -%}
    {%- if landing == '' -%}
        {%- set relation = ref(name) -%}
        {%- if execute and flags.WHICH in ['build', 'run', 'compile', 'test'] -%}
            {%- set found = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
            {%- if found -%}{%- do require_columns('seeds/exports/' ~ name ~ '.csv', columns, found) -%}{%- endif -%}
        {%- endif -%}
        (select {% for column in columns %}{{ adapter.quote(column) }} as {{ raw(column) }}{{ ', ' if not loop.last }}{% endfor %} from {{ relation }})
    {%- else -%}
        {%- set reader = landed_reader(landing, name) if execute else none -%}
        {%- if reader -%}
            {%- do require_columns(reader.file, columns, reader.columns) -%}
            (select {% for column in columns %}cast({{ adapter.quote(column) }} as {{ dbt.type_string() }}) as {{ raw(column) }}{{ ', ' if not loop.last }}{% endfor %} from {{ reader.sql }})
        {%- else -%}
            (select {% for column in columns %}cast(null as {{ dbt.type_string() }}) as {{ raw(column) }}{{ ', ' if not loop.last }}{% endfor %} where 1 = 0)
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro require_columns(file, expected, found) -%}
    {%- set known = found | map('lower') | list -%}
    {%- set missing = [] -%}
    {%- for column in expected if column | lower not in known -%}{%- do missing.append(column) -%}{%- endfor -%}
    {%- if missing -%}
        {{ exceptions.raise_compiler_error(
            file ~ ": row 1 (header) has no column " ~ missing | join(', ') ~ ". Found: " ~ found | join(', ')
            ~ ". Export the file again with all columns, or rename the header to match."
        ) }}
    {%- endif -%}
{%- endmacro %}

{% macro landed_reader(directory, name) -%}
    {%- set stem = (directory.rstrip('/') ~ '/' ~ name) | replace("'", "''") -%}
    {%- set candidates = [
        (stem ~ '.parquet', "read_parquet('" ~ stem ~ ".parquet', union_by_name = true)"),
        (stem ~ '/**/*.parquet', "read_parquet('" ~ stem ~ "/**/*.parquet', union_by_name = true, hive_partitioning = false)"),
        (stem ~ '.csv', "read_csv('" ~ stem ~ ".csv', all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"', null_padding = false, strict_mode = true)"),
    ] -%}
    {%- for pattern, sql in candidates -%}
        {%- if run_query("select count(*) from glob('" ~ pattern ~ "')").columns[0].values()[0] > 0 -%}
            {%- set columns = run_query('select column_name from (describe select * from ' ~ sql ~ ')').columns[0].values() | list -%}
            {{ return({'file': pattern, 'sql': sql, 'columns': columns}) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(none) }}
{%- endmacro %}
