{#
    Incremental models that equal a full rebuild (docs/decisions/0061). Each of them has a ledger, the table
    increments.<model>: what of each input it was built from (input, item, version), its definition, and under the
    input 'self' the days that it changed, each with the id of the run that changed it last. A hook before the model
    compares the ledger with its inputs, notes in temporary tables what has to be done again, and deletes those rows;
    the model inserts them; a hook after it writes the ledger. All of that is one transaction.
#}

{# Name of the ledger of a model. #}
{% macro ledger(name=none) -%}
    {{ return(api.Relation.create(database=target.database, schema='increments', identifier=name or model.name)) }}
{%- endmacro %}

{# Name of a temporary table of the running model: the temporary tables of two threads are not kept apart by name. #}
{% macro touched(kind) -%}
    {{ return('touched_' ~ kind ~ '_of_' ~ this.identifier) }}
{%- endmacro %}

{#
    dbt's own question whether a table is built anew, asked by every materialization and by is_incremental(): also when
    the stored rows of an incremental model were made by another definition than today's, or of the seeds.
#}
{% macro should_full_refresh() -%}
    {%- set asked = config.get('full_refresh') -%}
    {%- if asked is none -%}{%- set asked = flags.FULL_REFRESH -%}{%- endif -%}
    {{ return(asked or (model.config.materialized == 'incremental' and not is_same_definition())) }}
{%- endmacro %}

{# Whether the ledger says that the stored rows were made by today's definition, of landed exports. #}
{% macro is_same_definition() -%}
    {%- if not execute or env_var('COMMUNITY_METRICS_EXPORTS', '') == '' or load_relation(ledger()) is none -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set found = run_query('select item from ' ~ ledger() ~ " where input = 'definition'").columns[0].values() -%}
    {{ return(definition() in found) }}
{%- endmacro %}

{#
    Fingerprint of all that decides what a model's rows are, but its inputs' rows: the files of the model and of all
    models before it, macros, dbt_project.yml, --vars, the landing directory, and the rows of the reference tables that
    stand under meta.whole_inputs, of which any change concerns every day.
#}
{% macro definition() -%}
    {%- set pending = [model.unique_id] -%}
    {%- set codes = [] -%}
    {%- for number in range(graph.nodes | length) if number < pending | length -%}
        {%- set node = graph.nodes.get(pending[number]) -%}
        {%- if node and node.resource_type == 'model' -%}
            {%- do codes.append(node.name ~ node.raw_code) -%}
            {%- for id in node.depends_on.nodes if id not in pending -%}{%- do pending.append(id) -%}{%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set files = run_query(
        "select md5(string_agg(content, '' order by filename)) from read_text(['macros/*.sql', 'dbt_project.yml'])"
    ).columns[0].values()[0] -%}
    {%- for name in model.config.meta.get('whole_inputs', []) -%}
        {%- do codes.append(run_query('select cast(sum(hash(t)) as varchar) from ' ~ ref(name) ~ ' as t')[0][0]) -%}
    {%- endfor -%}
    {{ return(local_md5(
        codes | sort | join ~ files ~ invocation_args_dict.get('vars', {}) ~ env_var('COMMUNITY_METRICS_EXPORTS', '')
    )) }}
{%- endmacro %}

{# The files of an export as {path: part}; a part that ingest did not land is known by its size and time as well. #}
{% macro live_parts(name) -%}
    {%- set landing = env_var('COMMUNITY_METRICS_EXPORTS', '') -%}
    {%- set function, files = landed_files(landing, name) -%}
    {%- set parts = {} -%}
    {%- if files and landed_parts(landing, name) -%}
        {%- for file in files -%}{%- do parts.update({file: file}) -%}{%- endfor -%}
    {%- elif files -%}
        {%- set quoted = files | join('\n') | replace("'", "''") -%}
        {%- for file, part in run_query(
            "select filename, filename || '@' || size || '@' || last_modified from read_blob(string_split('" ~ quoted
            ~ "', '\n'))"
        ).rows -%}{%- do parts.update({file: part}) -%}{%- endfor -%}
    {%- endif -%}
    {{ return(parts) }}
{%- endmacro %}

{# The parts of an export that the running model has to read: those whose rows it does not hold yet, as {path: part}. #}
{% macro parts_to_read(name) -%}
    {%- set parts = live_parts(name) -%}
    {%- if not is_incremental() -%}{{ return(parts) }}{%- endif -%}
    {%- set held = run_query('select distinct landed_part from ' ~ this).columns[0].values() | list -%}
    {%- set new = {} -%}
    {%- for file, part in parts.items() if part not in held -%}{%- do new.update({file: part}) -%}{%- endfor -%}
    {{ return(new) }}
{%- endmacro %}

{# SQL expression of the part that a row was read from, by the file name that the reader adds. #}
{% macro part_of_row(parts) -%}
    {%- set whens = [] -%}
    {%- for file, part in parts.items() if file != part -%}
        {%- do whens.append("when '" ~ file | replace("'", "''") ~ "' then '" ~ part | replace("'", "''") ~ "'") -%}
    {%- endfor -%}
    {{ return('case filename ' ~ whens | join(' ') ~ ' else filename end' if whens else 'filename') }}
{%- endmacro %}

{# Before a model that holds rows by part: the rows of parts that are no longer live go. #}
{% macro forget_parts(name) -%}
    {%- if execute and is_incremental() -%}
        {%- set live = [] -%}
        {%- for part in live_parts(name).values() -%}
            {%- do live.append("'" ~ part | replace("'", "''") ~ "'") -%}
        {%- endfor -%}
        delete from {{ this }}{{ ' where landed_part not in (' ~ live | join(', ') ~ ')' if live }}
    {%- endif -%}
{%- endmacro %}

{#
    Makes the ledger of the running model where it is absent and says in a temporary table whether the rows that follow
    are all of the model's or those touched. What follows asks that table: after the model, dbt would answer otherwise.
#}
{% macro open_ledger() -%}
    create table if not exists {{ ledger() }} (input varchar, item varchar, version varchar);
    create or replace temp table {{ touched('mode') }} as select {{ execute and is_incremental() }} as is_increment;
{%- endmacro %}

{# Whether open_ledger() has said that this run of the model is an increment. #}
{% macro is_increment_open() -%}
    {{ return(execute and run_query('select is_increment from ' ~ touched('mode')).columns[0].values()[0]) }}
{%- endmacro %}

{#
    Writes the ledger of the running model: its definition, what it was built from as {input: query of item and version},
    and the days that it changed, a query of date_day.
#}
{% macro close_ledger(inputs, days) -%}
    delete from {{ ledger() }} where input != 'self';
    insert into {{ ledger() }} values ('definition', '{{ definition() if execute }}', '');
    {%- for input, query in inputs.items() %}
    insert into {{ ledger() }} select '{{ input }}', cast(item as varchar), version from ({{ query }}) as built_from;
    {%- endfor %}
    delete from {{ ledger() }} where input = 'self'
        {{- ' and cast(item as date) in (select date_day from (' ~ days ~ '))' if is_increment_open() }};
    insert into {{ ledger() }}
    select distinct 'self', cast(date_day as varchar), '{{ invocation_id }}' from ({{ days }}) where date_day is not null;
{%- endmacro %}

{# Query of the items of an input whose version is no longer the one in the ledger; now: query of item and version. #}
{% macro changed_items(input, now) -%}
    select distinct coalesce(now.item, before.item) as item
    from ({{ now }}) as now
    full join (select item, version from {{ ledger() }} where input = '{{ input }}') as before on now.item = before.item
    where now.version is distinct from before.version
{%- endmacro %}
