{# What memberships tell the models that follow them in increments (docs/decisions/0066). #}

{#
    After int_memberships_described, which is built whole: compares it with the table that it replaces, which dbt keeps
    under another name until the transaction ends, and adds to increments.membership_changes the times during which
    another membership counts than before, or the same one through another channel or in another role. Who reads that
    keeps the last number that it has seen. Of somebody who leaves only what is after it changes; from the seeds, nothing
    is noted, for nothing is built in increments.
#}
{% macro note_membership_changes() -%}
    {%- if execute and env_var('COMMUNITY_METRICS_EXPORTS', '') != '' -%}
    create table if not exists increments.membership_changes (
        run varchar, change_number bigint, community_id varchar, person_id varchar,
        changed_from timestamp, changed_to timestamp
    );
    {%- set replaced = load_cached_relation(make_backup_relation(this, 'table')) -%}
    {%- if replaced is not none %}
    insert into increments.membership_changes
    select
        '{{ invocation_id }}',
        (select coalesce(max(change_number), 0) from increments.membership_changes) + row_number() over (),
        coalesce(new.community_id, old.community_id),
        coalesce(new.person_id, old.person_id),
        -- one of the two is null where a membership came or went: least and greatest then take the other one
        case
            when new.kind = old.kind and new.joined_at = old.joined_at then least(new.ends_at, old.ends_at)
            else least(new.joined_at, old.joined_at)
        end,
        nullif(
            case
                when new.kind = old.kind and new.ends_at = old.ends_at then greatest(new.joined_at, old.joined_at)
                else greatest(new.ends_at, old.ends_at)
            end,
            timestamp 'infinity'
        )
    from ({{ memberships_that_count(this) }}) as new
    full join ({{ memberships_that_count(replaced) }}) as old on new.membership_id = old.membership_id
    where
        new.kind is distinct from old.kind
        or new.joined_at is distinct from old.joined_at
        or new.ends_at is distinct from old.ends_at
    {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# Query of memberships as their changes are compared. kind: all but the time that others count them by. #}
{% macro memberships_that_count(relation) -%}
    select
        membership_id, community_id, person_id, joined_at, coalesce(left_at, timestamp 'infinity') as ends_at,
        concat_ws('|', channel_id, role, is_counted) as kind
    from {{ relation }}
{%- endmacro %}
