{#
    Incremental models that equal a full rebuild (docs/decisions/0061). Each of them has a ledger, the table
    increments.<model>: what of each input it was built from (input, item, version), and under the
    input 'self' the days that it changed, each with the id of the run that changed it last. A hook before the model
    compares the ledger with its inputs, notes in temporary tables what has to be done again, and deletes those rows;
    the model inserts them; a hook after it writes the ledger. All of that is one transaction.
#}

{# Name of the ledger of a model. #}
{% macro ledger(name=none) -%}
    {{ return(api.Relation.create(database=target.database, schema=place('increments'), identifier=name or model.name)) }}
{%- endmacro %}

{# Name of a temporary table of the running model: the temporary tables of two threads are not kept apart by name. #}
{% macro touched(kind) -%}
    {{ return(adapter.dispatch('touched', 'community_metrics')(kind)) }}
{%- endmacro %}

{% macro default__touched(kind) -%}
    {{ return('touched_' ~ kind ~ '_of_' ~ this.identifier) }}
{%- endmacro %}

{# Start of a statement that makes such a table anew; `as` and a query follow. #}
{% macro create_touched(kind) -%}
    {{ return(adapter.dispatch('create_touched', 'community_metrics')(kind)) }}
{%- endmacro %}

{% macro default__create_touched(kind) -%}
    create or replace temp table {{ touched(kind) }}
{%- endmacro %}

{#
    What hooks have to do, one statement after the other, each of them ending in a semicolon and the end of a line: the
    hook's text, or nothing where the engine takes one statement at a time and they are done already.
#}
{% macro in_turn(statements) -%}
    {{ return(adapter.dispatch('in_turn', 'community_metrics')(statements)) }}
{%- endmacro %}

{% macro default__in_turn(statements) -%}
    {{ return(statements) }}
{%- endmacro %}

{#
    Configuration of a model whose increments do days again: what they do with the rows that are there. column: the model's day, or
    a list of columns beginning with it.
#}
{% macro by_day(column) -%}
    {{ return(adapter.dispatch('by_day', 'community_metrics')(column)) }}
{%- endmacro %}

{% macro default__by_day(column) -%}
    {{ return({'incremental_strategy': 'append'}) }}
{%- endmacro %}

{# Before a build: the place of the ledgers; what a build of the seeds replaces is no longer what they say. #}
{% macro prepare_increments() -%}
    {{ return(adapter.dispatch('prepare_increments', 'community_metrics')()) }}
{%- endmacro %}

{% macro default__prepare_increments() -%}
    {%- if is_landed() -%}
        {{ shared_ledgers() }}
        {%- for node in graph.nodes.values() if node.config.get('meta', {}).get('ledger_items') %}
        {{ create_ledger(node.name) }}
        {%- endfor %}
    {%- elif execute and flags.WHICH in ['build', 'run'] -%}
        drop schema if exists {{ place('increments') }} cascade
    {%- endif -%}
{%- endmacro %}

{#
    Statements that make the tables that several models share: by which definition and in which run each was built whole,
    and what changed in memberships, which is read also where memberships are left out of a run.
#}
{% macro shared_ledgers() -%}
    create schema if not exists {{ place('increments') }};
    create table if not exists {{ place('increments') }}.whole_builds (model varchar, definition varchar, run varchar);
    create table if not exists {{ place('increments') }}.membership_changes (
        run varchar, change_number bigint, community_id varchar, person_id varchar,
        changed_from timestamp, changed_to timestamp
    );
{% endmacro %}

{# Whether the running model is built of landed exports, in increments; from the seeds everything is built whole. #}
{% macro is_landed() -%}
    {{ return(execute and env_var('COMMUNITY_METRICS_EXPORTS', '') != '' and has_ledger()) }}
{%- endmacro %}

{# Whether the engine keeps a ledger of the running model; of others every build is whole (docs/decisions/0076). #}
{% macro has_ledger() -%}
    {{ return(adapter.dispatch('has_ledger', 'community_metrics')()) }}
{%- endmacro %}

{% macro default__has_ledger() -%}
    {{ return(true) }}
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

{# Whether the stored rows were made by today's definition, of landed exports: asked once a run. #}
{% macro is_same_definition() -%}
    {%- if not is_landed() -%}{{ return(false) }}{%- endif -%}
    {%- do hold_model() -%}
    {%- if load_cached_relation(this) is none -%}{{ return(false) }}{%- endif -%}
    {%- set known, question = found_once(), 'same ' ~ model.unique_id -%}
    {%- if question not in known -%}
        {%- do known.update({question: definition() in stored_definitions()}) -%}
    {%- endif -%}
    {{ return(known[question]) }}
{%- endmacro %}

{# By which definition the running model was built whole last, as a list: empty where it was not. #}
{% macro stored_definitions() -%}
    {{ return(adapter.dispatch('stored_definitions', 'community_metrics')()) }}
{%- endmacro %}

{% macro default__stored_definitions() -%}
    {{ return(run_query(
        shared_ledgers() ~ 'select definition from ' ~ place('increments') ~ ".whole_builds where model = '" ~ model.name ~ "'"
    ).columns[0].values()) }}
{%- endmacro %}

{# The runs that built these models whole last, of those that have a ledger. #}
{% macro whole_runs(names) -%}
    {{ return(adapter.dispatch('whole_runs', 'community_metrics')(names)) }}
{%- endmacro %}

{% macro default__whole_runs(names) -%}
    {{ return(run_query(
        shared_ledgers() ~ 'select run from ' ~ place('increments')
        ~ ".whole_builds where model in ('" ~ names | join("', '") ~ "') order by model"
    ).columns[0].values()) }}
{%- endmacro %}

{#
    Before anything is asked of a model's ledger: another build of the same model ends first, where the engine lets two of
    them write. Else both would find the same things not done yet, and do them.
#}
{% macro hold_model() -%}
    {{ return(adapter.dispatch('hold_model', 'community_metrics')()) }}
{%- endmacro %}

{% macro default__hold_model() -%}
{%- endmacro %}

{#
    Fingerprint of all that decides what a model's rows are, but its inputs' rows: see fingerprint(), and --vars, the landing
    directory, the rows of the reference tables that stand under meta.whole_inputs, of which any change concerns every day,
    and the runs that built models before it whole.
#}
{% macro definition() -%}
    {%- set known, question = found_once(), 'definition of ' ~ model.unique_id -%}
    {%- if question not in known -%}
        {%- set codes = [fingerprint(model.unique_id), env_var('COMMUNITY_METRICS_EXPORTS', '')] -%}
        {%- do codes.append(invocation_args_dict.get('vars', {}) | string) -%}
        {%- for name in model.config.meta.get('whole_inputs', []) -%}
            {%- do codes.append(run_query('select ' ~ sum_of_hashes(hash_of_row('t')) ~ ' from ' ~ ref(name) ~ ' as t')[0][0]) -%}
        {%- endfor -%}
        {%- do codes.append(whole_runs(ancestors(model.unique_id)) | join(' ')) -%}
        {%- do known.update({question: local_md5(codes | join('|'))}) -%}
    {%- endif -%}
    {{ return(known[question]) }}
{%- endmacro %}

{#
    Fingerprint of a node and of all models before it: their text and configuration, all macros of the project, the values
    of the variables that these name, types of contracts, and the releases of dbt and the engine. Asked of what dbt has parsed: a server reads no files here.
#}
{% macro fingerprint(id) -%}
    {%- set known = found_once() -%}
    {%- if 'macros' not in known -%}
        {%- set texts = [] -%}
        {%- for name, generator in context['community_metrics'] | dictsort -%}
            {%- do texts.append(generator.macro.macro_sql) -%}
        {%- endfor -%}
        {%- do known.update({'macros': with_variables(texts | join) ~ dbt_version ~ run_query('select version()')[0][0]}) -%}
    {%- endif -%}
    {%- if id not in known -%}
        {%- set node = graph.nodes[id] -%}
        {%- set codes = [known['macros'], with_variables(node.raw_code), tojson(node.config, sort_keys=true)] -%}
        {%- for name, column in node.columns.items() -%}
            {%- do codes.append(name ~ ' ' ~ column.data_type) -%}
        {%- endfor -%}
        {%- for parent in node.depends_on.nodes if parent.startswith('model.') -%}
            {%- do codes.append(fingerprint(parent)) -%}
        {%- endfor -%}
        {%- do known.update({id: local_md5(codes | join)}) -%}
    {%- endif -%}
    {{ return(known[id]) }}
{%- endmacro %}

{# A text of SQL, shortened, and the values of the variables that it names. #}
{% macro with_variables(text) -%}
    {%- set codes = [local_md5(text)] -%}
    {%- for name in modules.re.findall('var\\(\\s*["\']([a-z_0-9]+)["\']', text) | unique | sort -%}
        {%- do codes.append(name ~ '=' ~ var(name, none)) -%}
    {%- endfor -%}
    {{ return(codes | join(' ')) }}
{%- endmacro %}

{# Names of all models before a node. #}
{% macro ancestors(id) -%}
    {%- set pending, names = [id], [] -%}
    {%- for step in range(graph.nodes | length) if pending -%}
        {%- for parent in graph.nodes[pending.pop()].depends_on.nodes if parent.startswith('model.') -%}
            {%- set name = graph.nodes[parent].name -%}
            {%- if name not in names -%}{%- do names.append(name) -%}{%- do pending.append(parent) -%}{%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}

{# Before a model: an empty ledger where it is built whole. An increment finds the ledger that it goes on from. #}
{% macro open_ledger() -%}
    {{ return(adapter.dispatch('open_ledger', 'community_metrics')()) }}
{%- endmacro %}

{% macro default__open_ledger() -%}
    {%- if is_landed() and not is_incremental() -%}
    {{ create_ledger() }}
    delete from {{ ledger() }};
    {%- endif -%}
{%- endmacro %}

{# Statement that makes the ledger of a model, of the running one or another, where there is none. #}
{% macro create_ledger(name=none) -%}
    create table if not exists {{ ledger(name) }} (input varchar, item varchar, version varchar);
{%- endmacro %}

{# After a model that was built whole: by which definition, and in which run. #}
{% macro note_whole_build() -%}
    {{ return(adapter.dispatch('note_whole_build', 'community_metrics')()) }}
{%- endmacro %}

{% macro default__note_whole_build() -%}
    delete from {{ place('increments') }}.whole_builds where model = '{{ model.name }}';
    insert into {{ place('increments') }}.whole_builds values ('{{ model.name }}', '{{ definition() }}', '{{ invocation_id }}');
{%- endmacro %}

{#
    Writes the ledger of the running model: what it was built from as {input: query of item and version}, and the days
    that it changed, a query of date_day.
#}
{% macro close_ledger(inputs, days) -%}
    {%- if is_landed() -%}{{ in_turn(write_ledger(inputs, days)) }}{%- endif -%}
{%- endmacro %}

{% macro write_ledger(inputs, days) -%}
    {{ return(adapter.dispatch('write_ledger', 'community_metrics')(inputs, days)) }}
{%- endmacro %}

{% macro default__write_ledger(inputs, days) -%}
    {%- if is_incremental() -%}
    delete from {{ ledger() }} where input != 'self';
    delete from {{ ledger() }}
    where input = 'self' and cast(item as date) in (select date_day from ({{ days }}) as changed_days);
    {%- else -%}
    {{ note_whole_build() }}
    {%- endif -%}
    {%- for input, query in inputs.items() %}
    insert into {{ ledger() }} select '{{ input }}', cast(item as varchar), version from ({{ query }}) as built_from;
    {%- endfor %}
    insert into {{ ledger() }}
    select distinct 'self', cast(date_day as varchar), '{{ invocation_id }}' from ({{ days }}) as changed_days
    where date_day is not null;
{%- endmacro %}

{# Query of the items of an input whose version is no longer the one in the ledger; now: query of item and version. #}
{% macro changed_items(input, now) -%}
    select distinct coalesce(now.item, before.item) as item
    from ({{ now }}) as now
    full join (select item, version from {{ ledger() }} where input = '{{ input }}') as before on now.item = before.item
    where now.version is distinct from before.version
{%- endmacro %}
