{#
    Models whose rows belong to items, an order or a person (docs/decisions/0072). A model says in its meta, under
    ledger_items, which columns are the key of an item, under follows the models of whose changed items it does its own
    again, {model: kind or kinds}, and under ledger_kinds by which further columns its changed rows are listed,
    {kind: column}. Rows are compared before and after, so that its ledger lists what really changed: the items under
    'self', the further columns under 'self <kind>', of the row as it was and as it is.
    A table that is built whole lists its changes too, by comparison with the table that it replaces.
#}

{# Query of the rows of a relation: what the ledger lists of them, and a number that stands for the row. #}
{% macro noted_rows(relation, condition='true') -%}
    select
        {{ composite_key(model.config.meta.ledger_items) }} as noted_self,
        {%- for kind, column in model.config.meta.get('ledger_kinds', {}).items() %}
        cast({{ column }} as varchar) as noted_{{ kind }},
        {%- endfor %}
        {{ hash_of_row('noted') }} as fingerprint
    from {{ relation }} as noted
    where {{ condition }}
{%- endmacro %}

{# Statements that list in the ledger what differs between two queries of noted rows. #}
{% macro note_changes(before, after) -%}
    {{ create_touched('changes') }} as
    select * from ({{ before }}) as before where not exists (
        select 1 from ({{ after }}) as after where after.fingerprint = before.fingerprint
    )
    union all
    select * from ({{ after }}) as after where not exists (
        select 1 from ({{ before }}) as before where before.fingerprint = after.fingerprint
    );
    {%- for kind in ['self'] + model.config.meta.get('ledger_kinds', {}) | list %}
    {%- set input = 'self' if kind == 'self' else 'self ' ~ kind %}
    delete from {{ ledger() }}
    where input = '{{ input }}' and item in (select noted_{{ kind }} from {{ touched('changes') }});
    insert into {{ ledger() }}
    select distinct '{{ input }}', noted_{{ kind }}, '{{ invocation_id }}' from {{ touched('changes') }}
    where noted_{{ kind }} is not null;
    {%- endfor %}
{%- endmacro %}

{#
    After a table that is built whole: its changed rows, compared with those of the table that it replaces, which dbt
    keeps under another name until the transaction ends. Where there is nothing to compare with, or the definition is
    another one, all models behind it are built whole.
#}
{% macro note_table_changes() -%}
    {%- if is_landed() %}
    {%- set replaced = load_cached_relation(make_backup_relation(this, 'table')) %}
    {%- if replaced is not none and is_same_definition() %}
    {{ note_changes(noted_rows(replaced), noted_rows(this)) }}
    {%- else %}
    delete from {{ ledger() }};
    {{ note_whole_build() }}
    {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# Before a model of items: rows of touched items are noted, and go. queries: what touch_items() is told. #}
{% macro open_items(queries=[]) -%}
    {{ open_ledger() }}
    {%- if execute and is_incremental() %}
    {{ touch_items(queries) }}
    delete from {{ this }} where {{ is_touched_item() }};
    {%- endif %}
{%- endmacro %}

{#
    Statements that note which items are touched, those of the models that it follows and of further queries of item, and
    their rows.
#}
{% macro touch_items(queries=[]) -%}
    {{ create_touched('items') }} as
    select distinct item
    from (
        {%- for name, kinds in followed().items() %}
        {%- for kind in kinds %}
        {{ items_since_seen(name, kind) }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
        {{ 'union all' if not loop.last or queries }}
        {%- endfor %}
        {%- for query in queries %}
        select item from ({{ query }}) as query_{{ loop.index }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as named
    where item is not null;
    {{ create_touched('rows') }} as {{ noted_rows(this, is_touched_item()) }};
{%- endmacro %}

{#
    After such a model: which items changed, and what it was built from: the runs of the models that it follows, of those
    that its own hooks ask, and further queries of item and version.
#}
{% macro close_items(inputs={}, asked=[]) -%}
    {%- if is_landed() -%}
    {%- if is_incremental() %}
    {{ note_changes('select * from ' ~ touched('rows'), noted_rows(this, is_touched_item())) }}
    delete from {{ ledger() }} where not starts_with(input, 'self');
    {%- else %}
    {{ note_whole_build() }}
    {%- endif %}
    {%- for name in followed() | list + asked %}
    insert into {{ ledger() }} select '{{ name }}', item, version from ({{ runs_of(name) }}) as runs;
    {%- endfor %}
    {%- for input, query in inputs.items() %}
    insert into {{ ledger() }} select '{{ input }}', cast(item as varchar), version from ({{ query }}) as built_from;
    {%- endfor %}
    {%- endif -%}
{%- endmacro %}

{# The models that the running model follows, with the kinds of their items that are its own. #}
{% macro followed() -%}
    {%- set found = {} -%}
    {%- for name, kinds in model.config.meta.get('follows', {}).items() -%}
        {%- do found.update({name: [kinds] if kinds is string else kinds}) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# Condition on a row of an input, or of the model itself: its item is touched. #}
{% macro is_touched_item(key=none) -%}
    {{ key or composite_key(model.config.meta.ledger_items) }} in (select item from {{ touched('items') }})
{%- endmacro %}
