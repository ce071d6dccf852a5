{#
    What models of persons by snapshot do around their increments; increment_items.sql says how (docs/decisions/0072).
    Their items are persons, of whom all snapshots are touched; beside them go and come whole snapshots, such as that of
    the last day.
#}

{# Query of the snapshots of a model and the one before each. #}
{% macro snapshots_of(name) -%}
    select
        cast(snapshot_date as varchar) as item,
        cast(lag(snapshot_date) over (order by snapshot_date) as varchar) as version
    from (select distinct snapshot_date from {{ ref(name) }}) as snapshots
{%- endmacro %}

{# Query of snapshots that came or went, or have another one before them. #}
{% macro changed_snapshots(name) -%}
    select coalesce(now.item, before.item) as item
    from ({{ snapshots_of(name) }}) as now
    full join (select item, version from {{ ledger() }} where input = 'snapshots') as before on now.item = before.item
    where now.item is null or before.item is null or now.version is distinct from before.version
{%- endmacro %}

{# Before such a model: the snapshots and persons to do again; their rows go. #}
{% macro open_snapshots(name='int_segment_snapshots_dated') -%}
    {%- if execute and is_incremental() %}
    {{ create_touched('snapshots') }} as
    select cast(item as date) as snapshot_date from ({{ changed_snapshots(name) }}) as snapshots;
    delete from {{ this }} where snapshot_date in (select snapshot_date from {{ touched('snapshots') }});
    {%- endif %}
    {{ open_items() }}
{%- endmacro %}

{% macro close_snapshots(name='int_segment_snapshots_dated') -%}
    {{ close_items({'snapshots': snapshots_of(name)}) }}
{%- endmacro %}

{# Condition on a row of a person by snapshot: the person is touched, or the whole snapshot. #}
{% macro is_touched_snapshot(snapshot='snapshot_date', person='person_id') -%}
    ({{ snapshot }} in (select snapshot_date from {{ touched('snapshots') }}) or {{ is_touched_item(person) }})
{%- endmacro %}
