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
        (select {% for column in columns %}{{ adapter.quote(column) }} as {{ raw(column) }}{{ ', ' if not loop.last }}{% endfor %} from {{ ref(name) }})
    {%- else -%}
        {%- set reader = landed_reader(landing, name, columns) if execute else none -%}
        {%- if reader -%}
            (select {% for column in columns %}cast({{ adapter.quote(column) }} as {{ dbt.type_string() }}) as {{ raw(column) }}{{ ', ' if not loop.last }}{% endfor %} from {{ reader }})
        {%- else -%}
            (select {% for column in columns %}cast(null as {{ dbt.type_string() }}) as {{ raw(column) }}{{ ', ' if not loop.last }}{% endfor %} where 1 = 0)
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro landed_reader(directory, name, columns) -%}
    {%- set stem = (directory.rstrip('/') ~ '/' ~ name) | replace("'", "''") -%}
    {%- set candidates = [
        (stem ~ '.parquet', "read_parquet('" ~ stem ~ ".parquet', union_by_name = true)"),
        (stem ~ '/**/*.parquet', "read_parquet('" ~ stem ~ "/**/*.parquet', union_by_name = true, hive_partitioning = false)"),
        (stem ~ '.csv', "read_csv('" ~ stem ~ ".csv', all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"', null_padding = false, strict_mode = true)"),
    ] -%}
    {%- for pattern, sql in candidates -%}
        {%- if run_query("select count(*) from glob('" ~ pattern ~ "')").columns[0].values()[0] > 0 -%}
            {%- if pattern.endswith('.csv') -%}
                {%- do require_sound_csv(pattern, columns) -%}
            {%- else -%}
                {%- set found = run_query('select column_name from (describe select * from ' ~ sql ~ ')').columns[0].values() | list -%}
                {%- do require_columns(pattern, columns, found) -%}
            {%- endif -%}
            {{ return(sql) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(none) }}
{%- endmacro %}
