{#
    Before a build loads anything: every selected seed of seeds/exports has its declared columns, every row as many
    cells as the header, and nothing but pseudonymous keys in the columns that its YAML calls personal. The first file
    that has not ends the run with file, row, what was found, and what to do; a raw identifier is named but not shown.
    Servers do not read the files of seeds: there each seed is checked as dbt hands it over, see require_sound_seed().
#}
{% macro check_export_files() -%}
    {%- if execute and flags.WHICH in ['build', 'run'] and env_var('COMMUNITY_METRICS_EXPORTS', '') == '' -%}
        {%- do refuse_demo_over_exports() -%}
    {%- endif -%}
    {{ return(adapter.dispatch('check_export_files', 'community_metrics')()) }}
{%- endmacro %}

{% macro default__check_export_files() -%}
    {%- set landing = env_var('COMMUNITY_METRICS_EXPORTS', '') -%}
    {%- if execute and flags.WHICH in ['build', 'run'] and landing != '' -%}
        {%- do require_known_files(landing) -%}
    {%- elif execute and flags.WHICH in ['build', 'seed'] -%}
        {%- set seeds = [] -%}
        {%- for node in graph.nodes.values() | selectattr('resource_type', 'equalto', 'seed') -%}
            {%- if node.unique_id in selected_resources and 'exports' in node.fqn -%}{%- do seeds.append(node) -%}{%- endif -%}
        {%- endfor -%}
        {%- set headers = csv_headers(seeds | map(attribute='original_file_path') | list) -%}
        {%- for node in seeds -%}
            {%- do require_sound_csv(
                node.original_file_path, headers.get(node.original_file_path), node.columns.keys() | list,
                node.config.meta.get('personal_columns', [])
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{#
    On a server of several people: stops with a message where a build of the committed seeds, for want of a landing
    directory, would put the demo in the place of what was made of real exports.
#}
{% macro refuse_demo_over_exports() -%}
    {%- if is_built_of_exports() -%}
        {{ exceptions.raise_compiler_error(
            'target ' ~ target.name ~ ': its tables were built of landed exports, and COMMUNITY_METRICS_EXPORTS is not set, '
            ~ 'so this build would put the demo in their place. Set it to the landing directory. If the demo is to stand '
            ~ 'there: drop schema ' ~ place('increments') ~ ' cascade, then build.'
        ) }}
    {%- endif -%}
{%- endmacro %}

{# Whether the last build there was one of landed exports: by the schema that such builds keep their ledgers in. #}
{% macro is_built_of_exports() -%}
    {{ return(adapter.dispatch('is_built_of_exports', 'community_metrics')()) }}
{%- endmacro %}

{# A DuckDB file has one owner, who may build what they like into it. #}
{% macro duckdb__is_built_of_exports() -%}
    {{ return(false) }}
{%- endmacro %}

{#
    Stops with a message unless a landing directory holds exports, nothing whose name is no export, and none both in its
    manifest and beside it.
#}
{% macro require_known_files(landing) -%}
    {%- set known = ['acknowledged_quarantine'] + contracts() | list -%}
    {%- set directory = landing.rstrip('/') -%}
    {%- set files = files_of_landing(directory) -%}
    {%- set parts = landed_parts(directory) -%}
    {%- set ingested = [] -%}
    {%- for part in parts or [] if part.split('/')[0] not in ingested -%}
        {%- do ingested.append(part.split('/')[0]) -%}
    {%- endfor -%}
    {%- set unknown = [] -%}
    {%- for file in files -%}
        {%- set name = file[directory | length + 1:].split('/')[0].split('.')[0] -%}
        {%- set by_ingest = parts is not none and '/exported_on=' in file -%}
        {%- if by_ingest -%}
        {%- elif name in ingested or (parts is not none and '/' in file[directory | length + 1:]) -%}
            {{ exceptions.raise_compiler_error(
                file ~ ': put by hand beside what kpi ingest landed. '
                ~ (name ~ ' is in landed.json as well, so its rows would count twice.' if name in ingested
                else 'Name it ' ~ name ~ '.parquet, without a folder.') ~ ' Take it out, or land into another directory.'
            ) }}
        {%- elif name not in known and file not in unknown -%}{%- do unknown.append(file) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if unknown or not (files if parts is none else parts or files) -%}
        {{ exceptions.raise_compiler_error(
            (unknown[0] ~ ': the name is no export. Rename or remove it.' if unknown
            else directory ~ ': no exports found.')
            ~ ' COMMUNITY_METRICS_EXPORTS names a directory with files <export>.csv or <export>.parquet, or folders'
            ~ ' <export>/ of Parquet files; the exports are: ' ~ known | sort | join(', ')
        ) }}
    {%- endif -%}
{%- endmacro %}

{# Paths of all CSV and Parquet files in a landing directory, sorted. #}
{% macro files_of_landing(directory) -%}
    {{ return(adapter.dispatch('files_of_landing', 'community_metrics')(directory)) }}
{%- endmacro %}

{% macro default__files_of_landing(directory) -%}
    {%- set pattern = directory | replace("'", "''") -%}
    {{ return(run_query(
        "select file from glob('" ~ pattern ~ "/*.csv') union select file from glob('" ~ pattern ~ "/*.parquet') "
        ~ "union select file from glob('" ~ pattern ~ "/*/**/*.parquet') order by file"
    ).columns[0].values() | list) }}
{%- endmacro %}

{# The first line of each file that has one, by file. #}
{% macro csv_headers(files) -%}
    {%- set questions = [] -%}
    {%- for file in files -%}
        {%- set path = "'" ~ file | replace("'", "''") ~ "'" -%}
        {%- do questions.append(
            "(select " ~ path ~ " as file, line from read_csv(" ~ path ~ ", auto_detect = false, header = false, "
            ~ "delim = '\x1f', quote = '', escape = '', columns = {'line': 'varchar'}, strict_mode = false) limit 1)"
        ) -%}
    {%- endfor -%}
    {%- set headers = {} -%}
    {%- for row in run_query(questions | join(' union all ')).rows if questions -%}
        {%- do headers.update({row[0]: row[1]}) -%}
    {%- endfor -%}
    {{ return(headers) }}
{%- endmacro %}

{#
    Stops with a message unless the CSV file has all the columns, each row fits the header, and persons are only keys.
    All that may be wrong is one question, because a question costs dbt more than it costs DuckDB.
#}
{% macro require_sound_csv(file, header, columns, personal_columns=[]) -%}
    {%- if header is none -%}
        {{ exceptions.raise_compiler_error(
            file ~ ": the file is empty. It needs at least a header: " ~ columns | join(',')
        ) }}
    {%- endif -%}
    {%- set found = header.lstrip('\ufeff').replace('"', '').split(',') -%}
    {%- do require_columns(file, columns, found) -%}
    {%- set types = [] -%}
    {%- for column in found -%}{%- do types.append("'" ~ column | replace("'", "''") ~ "': 'varchar'") -%}{%- endfor -%}
    {%- set personal, raw_cells = [], [] -%}
    {%- for column in personal_columns -%}
        {%- set name = adapter.quote(column) -%}
        {%- do personal.append(
            "replace(replace(replace(replace(replace(" ~ name ~ ", '[', ''), ']', ''), '\"', ''), ' ', ''), '`', '') as "
            ~ name
        ) -%}
        {%- do raw_cells.append(
            " union all select " ~ loop.index ~ ", min(file_row), null, null, count(*) from checked_rows where coalesce("
            ~ name ~ ", '') not in (" ~ null_likes() ~ ") and not "
            ~ is_key_list(name, key_prefixes()) ~ " having count(*) > 0"
        ) -%}
    {%- endfor -%}
    {%- set problems = run_query(
        "create or replace temp table checked_rows as select row_number() over () + 1 as file_row"
        ~ (', ' ~ personal | join(', ') if personal else '') ~ " from read_csv('" ~ file | replace("'", "''")
        ~ "', auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', store_rejects = true, "
        ~ "columns = {" ~ types | join(', ') ~ "}); "
        ~ "select 0 as place, line, error_message, csv_line, count(*) over () as problems_here from reject_errors"
        ~ raw_cells | join ~ " order by place, line limit 1"
    ).rows -%}
    {%- do run_query("drop table checked_rows") -%}
    {%- if problems and problems[0][0] == 0 -%}
        {{ exceptions.raise_compiler_error(
            file ~ ": row " ~ problems[0][1] ~ " does not fit the header. " ~ problems[0][2]
            ~ ". The row reads: " ~ problems[0][3]
            ~ ". A cell with a comma must be quoted; an unquoted one shifts all cells behind it."
            ~ (" " ~ problems[0][4] ~ " such problems in the file." if problems[0][4] > 1 else "")
        ) }}
    {%- elif problems -%}
        {%- do refuse_raw_identifiers(
            file, problems[0][1], personal_columns[problems[0][0] | int - 1], problems[0][4]
        ) -%}
    {%- endif -%}
{%- endmacro %}

{# Stops with a message that names the place of a raw identifier and does not show it. #}
{% macro refuse_raw_identifiers(file, row, column, rows) -%}
    {{ exceptions.raise_compiler_error(
        file ~ ": row " ~ row ~ ", column " ~ column
        ~ " holds something else than a pseudonymous key (wm_…, st_…, un_…, op_…, ph_…)."
        ~ " The value is not shown and nothing was loaded: replace raw identifiers by keys before"
        ~ " the file comes here." ~ (" " ~ rows ~ " such rows." if rows > 1 else "")
    ) }}
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

{# Prefixes of pseudonymous keys. #}
{% macro key_prefixes() -%}
    {{ return(['wm', 'wb', 'st', 'un', 'op', 'ph']) }}
{%- endmacro %}

{#
    What check_export_files() asks of a file, asked of the rows that dbt has read of a seed, before its table is made:
    the declared columns, no row shorter than the header (dbt fills it up with nothing, and stops itself at a longer
    one), and nothing but pseudonymous keys in the columns that the YAML calls personal.
#}
{% macro require_sound_seed(seed, agate_table) -%}
    {%- if 'exports' not in seed.fqn -%}{{ return('') }}{%- endif -%}
    {%- set file, found = seed.original_file_path, agate_table.column_names | list -%}
    {%- do require_columns(file, seed.columns.keys() | list, found) -%}
    {%- set short = [] -%}
    {%- for cell in agate_table.columns[-1].values() if cell is none -%}{%- do short.append(1) -%}{%- endfor -%}
    {%- if short -%}
        {%- set first = agate_table.columns[-1].values().index(none) -%}
        {{ exceptions.raise_compiler_error(
            file ~ ": row " ~ (first + 2) ~ " does not fit the header: its last cell, " ~ found[-1]
            ~ ", is missing or empty."
            ~ (" " ~ short | length ~ " such problems in the file." if short | length > 1 else "")
        ) }}
    {%- endif -%}
    {%- set key_list = modules.re.compile(key_list_pattern(key_prefixes())) -%}
    {%- set wrapping = modules.re.compile('[][" `]') -%}
    {%- set nothing = null_likes().split(', ') -%}
    {%- for column in seed.config.meta.get('personal_columns', []) -%}
        {%- set wrong = [] -%}
        {%- for cell in agate_table.columns[column].values() -%}
            {%- set text = wrapping.sub('', cell or '') -%}
            {%- if not key_list.fullmatch(text) and "'" ~ text ~ "'" not in nothing -%}
                {%- do wrong.append(loop.index + 1) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if wrong -%}{%- do refuse_raw_identifiers(file, wrong[0], column, wrong | length) -%}{%- endif -%}
    {%- endfor -%}
{%- endmacro %}
