{#
    Before a build loads anything: every selected seed of seeds/exports has its declared columns, and every row as many cells
    as the header. The first file that has not ends the run with file, row, what was found, and what to do.
#}
{% macro check_export_files() -%}
    {%- if execute and flags.WHICH in ['build', 'seed'] and env_var('COMMUNITY_METRICS_EXPORTS', '') == '' -%}
        {%- for node in graph.nodes.values() | selectattr('resource_type', 'equalto', 'seed') -%}
            {%- if node.unique_id in selected_resources and 'exports' in node.fqn -%}
                {%- do require_sound_csv(node.original_file_path, node.columns.keys() | list) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{# Stops with a message unless the CSV file has all the columns, and each row as many cells as the header. #}
{% macro require_sound_csv(file, columns) -%}
    {%- set path = file | replace("'", "''") -%}
    {%- set header = run_query(
        "select line from read_csv('" ~ path ~ "', auto_detect = false, header = false, delim = '\x1f', quote = '', escape = '', "
        ~ "columns = {'line': 'varchar'}, strict_mode = false) limit 1"
    ).columns[0].values() -%}
    {%- if not header -%}
        {{ exceptions.raise_compiler_error(file ~ ": the file is empty. It needs at least a header: " ~ columns | join(',')) }}
    {%- endif -%}
    {%- set found = header[0].lstrip('\ufeff').replace('"', '').split(',') -%}
    {%- do require_columns(file, columns, found) -%}
    {%- set types = [] -%}
    {%- for column in found -%}{%- do types.append("'" ~ column | replace("'", "''") ~ "': 'varchar'") -%}{%- endfor -%}
    {%- do run_query(
        "create or replace temp table checked_rows as select count(*) as row_count from read_csv('" ~ path
        ~ "', auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', store_rejects = true, columns = {" ~ types | join(', ') ~ "})"
    ) -%}
    {%- set rejected = run_query("select line, error_message, csv_line from reject_errors order by line").rows -%}
    {%- do run_query("drop table checked_rows") -%}
    {%- if rejected -%}
        {{ exceptions.raise_compiler_error(
            file ~ ": row " ~ rejected[0][0] ~ " does not fit the header. " ~ rejected[0][1] ~ ". The row reads: " ~ rejected[0][2]
            ~ ". A cell with a comma must be quoted; an unquoted one shifts all cells behind it."
            ~ (" " ~ rejected | length ~ " such problems in the file." if rejected | length > 1 else "")
        ) }}
    {%- endif -%}
{%- endmacro %}

{# Stops with a message that names file and columns when a header lacks some of the expected columns. #}
{% macro require_columns(file, expected, found) -%}
    {%- set known = found | map('lower') | map('trim') | list -%}
    {%- set missing = [] -%}
    {%- for column in expected if column | lower not in known -%}{%- do missing.append(column) -%}{%- endfor -%}
    {%- if missing -%}
        {{ exceptions.raise_compiler_error(
            file ~ ": row 1 (header) has no column " ~ missing | join(', ') ~ ". Found: " ~ found | join(', ')
            ~ ". Export the file again with all columns, or rename the header to match."
        ) }}
    {%- endif -%}
{%- endmacro %}
