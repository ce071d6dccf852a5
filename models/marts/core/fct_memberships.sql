-- A view on purpose: these are the rows of int_memberships_described, stored once.
{{ config(materialized='view') }}

with memberships as (
    select * from {{ ref('int_memberships_described') }}
),

final as (
    select
        membership_id,
        community_id,
        person_id,
        channel_id,
        role,
        leave_reason,
        is_counted,
        is_join_unknown,
        is_older_than_history,
        joined_date,
        left_date,
        joined_at,
        left_at
    from memberships
)

select * from final
