with contents as (
    select * from {{ ref('stg_scrm__content_items') }}
),

communities as (
    select * from {{ ref('int_communities_described') }}
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
),

persons as (
    select * from {{ ref('int_persons_classified') }}
),

final as (
    select
        contents.content_id,
        contents.title,
        contents.content_type_zh as content_type,
        persons.person_id as author_person_id,
        contents.campaign_id,
        contents.is_order_show,
        contents.published_at,
        case
            when persons.is_counted then 'member'
            else coalesce(persons.role, 'unknown')
        end as author_kind,
        coalesce(communities.community_id, 'unattributed') as community_id
    from contents
    left join communities on contents.chat_id = communities.community_id
    left join identities on contents.author_key = identities.identity_key
    left join persons on identities.person_id = persons.person_id
)

select * from final
