{{ config(post_hook="{{ note_table_changes() }}", meta={'ledger_items': ['person_id']}) }}

with identities as (
    select * from {{ ref('int_identities_resolved') }}
),

member_roles as (
    select * from {{ ref('stg_manual__member_roles') }}
),

rank_roles as (
    select
        identities.person_id,
        case
            when left(identities.identity_key, 3) = 'wb_' then 'bot'
            when left(identities.identity_key, 3) = 'st_' then 'staff'
            else coalesce(member_roles.role, 'customer')
        end as role
    from identities
    left join member_roles on identities.identity_key = member_roles.member_key
),

pick_role as (
    select
        person_id,
        -- a person with several keys has the role that keeps him furthest from the counted population
        min(
            case role
                when 'bot' then 1
                when 'staff' then 2
                when 'test' then 3
                when 'shill' then 4
                when 'kol' then 5
                else 6
            end
        ) as role_rank
    from rank_roles
    group by person_id
),

final as (
    select
        person_id,
        case role_rank
            when 1 then 'bot'
            when 2 then 'staff'
            when 3 then 'test'
            when 4 then 'shill'
            when 5 then 'kol'
            else 'customer'
        end as role,
        role_rank >= 5 as is_counted
    from pick_role
)

select * from final
