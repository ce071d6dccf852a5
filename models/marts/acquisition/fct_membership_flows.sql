-- A view on purpose: these are the rows of int_membership_flows_counted, stored once, and nobody reads all of their keys.
{{ config(materialized='view') }}

with flows as (
    select * from {{ ref('int_membership_flows_counted') }}
),

final as (
    select
        {{ composite_key(['community_id', 'channel_id', 'date_day']) }} as membership_flow_id,
        community_id,
        channel_id,
        cast(opening_memberships as integer) as opening_memberships,
        cast(new_memberships as integer) as new_memberships,
        cast(leaves as integer) as leaves,
        cast(voluntary_leaves as integer) as voluntary_leaves,
        cast(removed_memberships as integer) as removed_memberships,
        cast(dissolved_memberships as integer) as dissolved_memberships,
        cast(transferred_memberships as integer) as transferred_memberships,
        cast(closing_memberships as integer) as closing_memberships,
        date_day
    from flows
)

select * from final
