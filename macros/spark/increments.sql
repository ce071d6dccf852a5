{#
    Increments by day (docs/decisions/0076). Plain Parquet takes no delete, and there are no transactions: models that hold
    rows by day are partitioned by it, and a run replaces the partitions of the days that it does again. Everything else is
    built whole, so the inputs of these models are compared as they stand.
      - What a run makes is kept in a table first, so a query that fails has changed nothing.
      - From there to the end of the ledger the model's own table says that its build has not ended: one that dies then is
        built whole by the next run.
      - The archive does without both: it is partitioned by landed part too, see increment_messages.sql.
    By which definition a table was built, and in which run, are properties of the table: they go where it goes.
#}

{% macro spark__has_ledger() -%}
    {{ return(config.get('partition_by') is not none) }}
{%- endmacro %}

{# Tables of the seeds are small, built whole and read at once: a folder for each day would only cost. #}
{% macro spark__by_day(column) -%}
    {%- set partitions = column if env_var('COMMUNITY_METRICS_EXPORTS', '') != '' else none -%}
    {{ return({'incremental_strategy': 'insert_overwrite', 'partition_by': partitions}) }}
{%- endmacro %}

{% macro spark__open_ledger() -%}
{%- endmacro %}

{% macro spark__in_turn(statements) -%}
    {%- for statement in modules.re.split(';\\s*(?:\\n|$)', statements) if statement.strip() -%}
        {%- do run_query(statement) -%}
    {%- endfor -%}
{%- endmacro %}

{% macro spark__prepare_increments() -%}
    {%- if execute and flags.WHICH in ['build', 'run'] -%}
        {%- if env_var('COMMUNITY_METRICS_EXPORTS', '') != '' -%}
        create schema if not exists {{ place('increments') }}
        {%- else -%}
        drop schema if exists {{ place('increments') }} cascade
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro spark__touched(kind) -%}
    {{ return(place('increments') ~ '.touched_' ~ kind ~ '_of_' ~ this.identifier) }}
{%- endmacro %}

{% macro spark__create_touched(kind) -%}
    drop table if exists {{ touched(kind) }};
    create table {{ touched(kind) }} using parquet
{%- endmacro %}

{# The rows that go are those of the partitions that are replaced: see replace_days(). #}
{% macro spark__touch_days(query, column) -%}
    {{ create_touched('days') }} as
    {{ query }};
{%- endmacro %}

{# What note_whole_build() wrote on a table, as {name: value}; nothing where there is no such table. #}
{% macro properties_of(relation) -%}
    {%- set found = {} -%}
    {%- if load_cached_relation(relation) is not none -%}
        {%- for name, value in run_query('show tblproperties ' ~ relation).rows -%}{%- do found.update({name: value}) -%}{%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}

{# A table may outlive its ledger, which a build of the seeds takes away: then nothing is known of it. #}
{% macro spark__stored_definitions() -%}
    {%- set ledgers = run_query('show tables in ' ~ place('increments') ~ " like '" ~ model.name ~ "'").rows -%}
    {{ return([properties_of(this).get('community_metrics.definition')] if ledgers else []) }}
{%- endmacro %}

{% macro spark__whole_runs(names) -%}
    {%- set runs = [] -%}
    {%- for node in graph.nodes.values() | sort(attribute='unique_id')
        if node.resource_type == 'model' and node.name in names and node.config.get('partition_by') -%}
        {%- set relation = api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias) -%}
        {%- do runs.append(properties_of(relation).get('community_metrics.built_whole_in', 'never')) -%}
    {%- endfor -%}
    {{ return(runs) }}
{%- endmacro %}

{% macro spark__note_whole_build() -%}
    alter table {{ this }} set tblproperties (
        'community_metrics.definition' = '{{ definition() }}', 'community_metrics.built_whole_in' = '{{ invocation_id }}'
    );
{%- endmacro %}

{# What an increment makes, in a table of its own; from then on the model's table is not what its ledger says. #}
{% macro keep_rows_made(sql) -%}
    {%- call statement('forget rows made before') -%}drop table if exists {{ touched('rows') }}{%- endcall -%}
    {%- call statement('keep rows made') -%}create table {{ touched('rows') }} using parquet as {{ sql }}{%- endcall -%}
    {%- call statement('begin to replace') -%}
        alter table {{ this }} set tblproperties ('community_metrics.definition' = 'replacing partitions')
    {%- endcall -%}
{%- endmacro %}

{# A partition is replaced by the rows put into it, and stays as it is where there are none: those are dropped. #}
{% macro drop_days_without_rows() -%}
    {%- set day = config.get('partition_by') -%}
    {%- set days = run_query(
        'select cast(' ~ day ~ ' as string) from (select distinct ' ~ day ~ ' from ' ~ this ~ ') as there where ' ~ day
        ~ ' in (select date_day from ' ~ touched('days') ~ ' where is_rewritten) except select cast(' ~ day
        ~ ' as string) from ' ~ touched('rows')
    ).columns[0].values() -%}
    {%- if days -%}{{ drop_partitions(day, missing_from(days, [])) }}{%- endif -%}
{%- endmacro %}

{# Statement that takes the rows of these values of a partition column away. values: literals, one at least. #}
{% macro drop_partitions(column, values) -%}
    {%- if config.get('file_format') in ['delta', 'iceberg'] -%}
    delete from {{ this }} where {{ column }} in ({{ values | join(', ') }});
    {%- else -%}
    alter table {{ this }} drop if exists partition ({{ column }} = {{ values | join('), partition (' ~ column ~ ' = ') }});
    {%- endif -%}
{%- endmacro %}

{# Statements that write the ledger of the running model anew, of a query of input, item and version. #}
{% macro replace_ledger(query) -%}
    {%- set next = ledger().incorporate(path={'identifier': model.name ~ '__next'}) -%}
    drop table if exists {{ next }};
    create table {{ next }} using parquet as
    {{ query }};
    drop table if exists {{ ledger() }};
    alter table {{ next }} rename to {{ ledger() }};
{%- endmacro %}

{% macro spark__write_ledger(inputs, days) -%}
    {%- if is_incremental() %}
    {{ drop_days_without_rows() }}
    {%- endif -%}
    {%- set query %}
    {%- for input, now in inputs.items() %}
    select '{{ input }}' as input, cast(item as string) as item, cast(version as string) as version from ({{ now }}) as built_from
    union all
    {%- endfor %}
    select distinct 'self', cast(date_day as string), '{{ invocation_id }}' from ({{ days }}) as changed_days
    where date_day is not null
    {%- if is_incremental() %}
    union all
    select input, item, version from {{ ledger() }}
    where input = 'self' and cast(item as date) not in (select date_day from ({{ days }}) as days_again)
    {%- endif %}
    {%- endset %}
    {{ replace_ledger(query) }}
    drop table if exists {{ touched('rows') }};
    {%- if is_incremental() %}
    alter table {{ this }} set tblproperties ('community_metrics.definition' = '{{ definition() }}');
    {%- else %}
    {{ note_whole_build() }}
    {%- endif -%}
{%- endmacro %}

{# Memberships are built whole, so they are compared with those that the running model was built of. #}
{% macro spark__unseen_membership_changes() -%}
    {%- set was = 'membership_id string, community_id string, person_id string, joined_at timestamp, ends_at timestamp, kind string' -%}
    {%- set before -%}
        (
            select noted.* from (
                select from_json(version, '{{ was }}', map('timestampFormat', 'yyyy-MM-dd HH:mm:ss.SSS')) as noted
                from {{ ledger() }} where input = 'membership_changes'
            )
        )
    {%- endset -%}
    {{ changes_of_memberships('(' ~ memberships_that_count(ref('int_memberships_described')) ~ ')', before) }}
{%- endmacro %}

{% macro spark__seen_membership_changes() -%}
    select
        membership_id as item,
        to_json(
            struct(membership_id, community_id, person_id, joined_at, ends_at, kind),
            map('timestampFormat', 'yyyy-MM-dd HH:mm:ss.SSS')
        ) as version
    from ({{ memberships_that_count(ref('int_memberships_described')) }}) as memberships
{%- endmacro %}
