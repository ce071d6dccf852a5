{#
    What models of staging do around their increments; increments.sql says how. A base model holds rows by landed part:
    parts are immutable, so those that are new are read and the rows of those that are no longer live go. A staging
    model chooses again among the copies that share a value of the column meta.copies_by with a row that came or went:
    a part of its key of which few values come in a day, such as the time of export. Its ledger says under 'self' which
    items changed in which run, by the columns or expressions in meta.ledger_items; a whole build lists none, for it has its
    readers built whole too.
    With seeds every run builds everything, and none of this costs a statement.
#}

{# The files of an export as {path: part}; a part that ingest did not land is known by its size and time as well. #}
{% macro live_parts(name) -%}
    {{ return(adapter.dispatch('live_parts', 'community_metrics')(name)) }}
{%- endmacro %}

{% macro default__live_parts(name) -%}
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

{# The parts whose rows the running base model holds. #}
{% macro held_parts() -%}
    {{ return(run_query('select item from ' ~ ledger() ~ " where input = 'self'").columns[0].values() | list) }}
{%- endmacro %}

{# The parts of an export that the running model has to read: those whose rows it does not hold yet, as {path: part}. #}
{% macro parts_to_read(name) -%}
    {%- set parts = live_parts(name) -%}
    {%- if not is_incremental() -%}{{ return(parts) }}{%- endif -%}
    {%- set held = held_parts() -%}
    {%- set new = {} -%}
    {%- for file, part in parts.items() if part not in held -%}{%- do new.update({file: part}) -%}{%- endfor -%}
    {{ return(new) }}
{%- endmacro %}

{# SQL expression of the part that a row was read from. #}
{% macro part_of_row(parts) -%}
    {{ return(adapter.dispatch('part_of_row', 'community_metrics')(parts)) }}
{%- endmacro %}

{% macro default__part_of_row(parts) -%}
    {%- set whens = [] -%}
    {%- for file, part in parts.items() if file != part -%}
        {%- do whens.append("when '" ~ file | replace("'", "''") ~ "' then '" ~ part | replace("'", "''") ~ "'") -%}
    {%- endfor -%}
    {{ return('case filename ' ~ whens | join(' ') ~ ' else filename end' if whens else 'filename') }}
{%- endmacro %}

{# The values of one list that are not in another, as texts in SQL; none where there is no such value. #}
{% macro missing_from(values, others) -%}
    {%- set missing = [] -%}
    {%- for value in values if value not in others -%}
        {%- do missing.append(dbt.string_literal(dbt.escape_single_quotes(value))) -%}
    {%- endfor -%}
    {{ return(missing or none) }}
{%- endmacro %}

{# Before a base model: the rows of parts that are no longer live go. #}
{% macro open_parts(name) -%}
    {%- if is_landed() and not is_incremental() -%}
        {{ open_ledger() }}
    {%- elif is_landed() -%}
        {%- set gone = missing_from(held_parts(), live_parts(name).values() | list) -%}
        {%- if gone %}
    delete from {{ this }} where landed_part in ({{ gone | join(', ') }});
    delete from {{ ledger() }} where input = 'self' and item in ({{ gone | join(', ') }});
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# After a base model: it holds the rows of all live parts. #}
{% macro close_parts(name) -%}
    {{ return(adapter.dispatch('close_parts', 'community_metrics')(name)) }}
{%- endmacro %}

{% macro default__close_parts(name) -%}
    {%- if is_landed() -%}
        {%- if not is_incremental() %}
    {{ note_whole_build() }}
        {%- endif -%}
        {%- set new = missing_from(live_parts(name).values() | list, held_parts()) -%}
        {%- if new %}
    insert into {{ ledger() }}
    select 'self', item, '{{ invocation_id }}' from (values ({{ new | join('), (') }})) as parts (item);
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# The base model of the running staging model. #}
{% macro base_of_model() -%}
    {{ return('base_' ~ model.name[4:]) }}
{%- endmacro %}

{# Query of the parts that a base model holds: that of the running staging model, or another one. #}
{% macro parts_of_base(base=none) -%}
    select item, '' as version from {{ ledger(base or base_of_model()) }} where input = 'self'
{%- endmacro %}

{# Whether parts came or went since the running staging model was built last. #}
{% macro has_changed_parts() -%}
    {{ return(run_query('select count(*) from (' ~ changed_items('parts', parts_of_base()) ~ ') as parts')[0][0] > 0) }}
{%- endmacro %}

{# Condition of a staging model's increment: the row is one of the copies that have to be chosen from again. #}
{% macro is_touched_copy() -%}
    {{ is_among_copies() if has_changed_parts() else 'false' }}
{%- endmacro %}

{# The same, once open_copies() has said which these are. #}
{% macro is_among_copies() -%}
    {%- set column = model.config.meta.copies_by -%}
    {{ column }} in (select {{ column }} from {{ touched('copies') }})
{%- endmacro %}

{# Query of items and fingerprints of the touched rows of a staging model, as they stand. #}
{% macro touched_rows() -%}
    select {{ composite_key(model.config.meta.ledger_items) }} as item, {{ hash_of_row('chosen') }} as fingerprint
    from (select {{ columns_but('landed_part') }} from {{ this }} where {{ is_among_copies() }}) as chosen
{%- endmacro %}

{# The columns of the running model but one, as they stand after `select`. #}
{% macro columns_but(column) -%}
    {{ return(adapter.dispatch('columns_but', 'community_metrics')(column)) }}
{%- endmacro %}

{% macro default__columns_but(column) -%}
    * exclude ({{ column }})
{%- endmacro %}

{# Before a staging model: which copies are touched, what was chosen of them, and that goes. #}
{% macro open_copies() -%}
    {%- if is_landed() and not is_incremental() -%}
        {{ open_ledger() }}
    {%- elif is_landed() and has_changed_parts() -%}
        {%- set column = model.config.meta.copies_by %}
    {{ create_touched('parts') }} as {{ changed_items('parts', parts_of_base()) }};
    {{ create_touched('copies') }} as
    select {{ column }} from {{ ref(base_of_model()) }}
    where landed_part in (select item from {{ touched('parts') }}) and problem_column is null
    union
    select {{ column }} from {{ this }} where landed_part in (select item from {{ touched('parts') }});
    {{ create_touched('rows') }} as {{ touched_rows() }};
    delete from {{ this }} where {{ is_among_copies() }};
    {%- endif -%}
{%- endmacro %}

{# After a staging model: the items of which a chosen row is another one now, came or went. #}
{% macro close_copies() -%}
    {%- if is_landed() and not is_incremental() %}
    {{ note_whole_build() }}
    insert into {{ ledger() }} select 'parts', item, version from ({{ parts_of_base() }}) as parts;
    {%- elif is_landed() and has_changed_parts() %}
    {{ create_touched('items') }} as
    select distinct item
    from (
        (select * from {{ touched('rows') }} except all {{ touched_rows() }})
        union all
        ({{ touched_rows() }} except all select * from {{ touched('rows') }})
    ) as changes;
    delete from {{ ledger() }}
    where input = 'parts' or input = 'self' and item in (select item from {{ touched('items') }});
    insert into {{ ledger() }} select 'parts', item, version from ({{ parts_of_base() }}) as parts;
    insert into {{ ledger() }} select 'self', item, '{{ invocation_id }}' from {{ touched('items') }};
    {%- endif -%}
{%- endmacro %}

{# Query of the runs that changed a model, for close_ledger(): what the running model has taken in of it. #}
{% macro runs_of(name) -%}
    select distinct version as item, '' as version from {{ ledger(name) }} where starts_with(input, 'self')
{%- endmacro %}

{#
    Query of the items of a model that changed in runs which the running model has not taken in; it keeps those runs in
    its own ledger, under the name of the other model: close_ledger({'stg_…': runs_of('stg_…')}, …). kind: 'self', or one
    of the model's ledger_kinds (increment_items.sql).
#}
{% macro items_since_seen(name, kind='self') -%}
    select item
    from {{ ledger(name) }}
    where
        input = '{{ 'self' if kind == 'self' else 'self ' ~ kind }}'
        and version not in (select item from {{ ledger() }} where input = '{{ name }}')
{%- endmacro %}
