{# Files of one format as a table. options: of the reader, as {name: value}. #}
{% macro files_at(format, path, options={}) -%}
    {%- set given = [] -%}
    {%- for name, value in options.items() -%}{%- do given.append("'" ~ name ~ "' = '" ~ value ~ "'") -%}{%- endfor -%}
    {{ return(format ~ '.`' ~ path | replace('`', '``') ~ '`' ~ (' with (' ~ given | join(', ') ~ ')' if given else '')) }}
{%- endmacro %}

{# The manifest has one source file a line (kpi/ingest/manifest.py), and Spark reads lines. #}
{% macro spark__read_manifest(directory) -%}
    {%- set manifest = directory.rstrip('/') ~ '/landed.json' -%}
    {%- do files_of_landing(directory.rstrip('/')) -%}
    {%- if manifest not in found_once()['files of ' ~ directory.rstrip('/')] -%}{{ return(none) }}{%- endif -%}
    {%- set lines = files_at('text', manifest) -%}
    {%- set head = run_query(
        "select regexp_extract(value, '\"format\": ([0-9]+)', 1) from " ~ lines ~ " where startswith(value, '{\"format\"')"
    ).columns[0].values() -%}
    {%- do require_known_format(directory, head[0] if head else 'none') -%}
    {%- set parts = {} -%}
    {%- for path in run_query(
        "select explode(from_json(get_json_object(rtrim(',', value), '$.parts'), 'array<struct<path: string>>').path)"
        ~ " from " ~ lines ~ " where startswith(value, '{\"source_file\"')"
    ).columns[0].values() -%}
        {%- do parts.setdefault(path.split('/')[0], []).append(path) -%}
    {%- endfor -%}
    {{ return(parts) }}
{%- endmacro %}

{% macro spark__landed_files(directory, name) -%}
    {%- set stem = directory.rstrip('/') ~ '/' -%}
    {%- set parts, paths = landed_parts(directory, name), [] -%}
    {%- set files = files_of_landing(directory.rstrip('/')) -%}
    {%- for part in parts or [] -%}
        {%- if stem ~ part not in files -%}
            {{ exceptions.raise_compiler_error(
                stem ~ part ~ ': landed.json lists it, and it is not there. Copy the directory again, manifest last.'
            ) }}
        {%- endif -%}
        {%- do paths.append(stem ~ part) -%}
    {%- endfor -%}
    {%- if paths -%}{{ return(('parquet', paths)) }}{%- endif -%}
    {%- if stem ~ name ~ '.parquet' in files -%}{{ return(('parquet', [stem ~ name ~ '.parquet'])) }}{%- endif -%}
    {%- for file in files if parts is none and file.startswith(stem ~ name ~ '/') -%}{%- do paths.append(file) -%}{%- endfor -%}
    {%- if paths -%}{{ return(('parquet', paths)) }}{%- endif -%}
    {{ return(('csv', [stem ~ name ~ '.csv']) if stem ~ name ~ '.csv' in files else (none, [])) }}
{%- endmacro %}

{# Read in place, all parts as one pattern: Spark takes no list of paths in SQL. #}
{% macro spark__landed_reader(directory, name, columns, only) -%}
    {%- set format, found_files = landed_files(directory, name) -%}
    {%- set files = found_files if only is none else found_files | select('in', only) | list -%}
    {%- if not files -%}{{ return(none) }}{%- endif -%}
    {%- set stem, paths = directory.rstrip('/') ~ '/', [] -%}
    {%- for file in files -%}{%- do paths.append(file[stem | length:]) -%}{%- endfor -%}
    {%- set options = {'mergeSchema': 'true'} if format == 'parquet'
        else {'header': 'true', 'multiLine': 'true', 'escape': '"', 'mode': 'FAILFAST'} -%}
    {%- set reader = files_at(format, stem ~ (paths[0] if paths | length == 1 else '{' ~ paths | join(',') ~ '}'), options) -%}
    {%- set found = {} -%}
    {%- for column, type, comment in run_query('describe query select * from ' ~ reader).rows -%}
        {%- do found.update({column: type}) -%}
    {%- endfor -%}
    {%- set place = files[0] if files | length == 1 else stem ~ name -%}
    {%- do require_columns(place, columns, found | list) -%}
    {%- for column in columns if found.get(column, 'string') != 'string' -%}
        {{ exceptions.raise_compiler_error(
            place ~ ': column ' ~ column ~ ' is of type ' ~ found[column] ~ ', which Spark would spell in its own way. Landed '
            ~ 'cells are text: write it as text, or land the file with kpi ingest.'
        ) }}
    {%- endfor -%}
    {{ return(reader) }}
{%- endmacro %}
