-- Without clicks, promotion codes and group-buy activities of communities nobody can say which community an order
-- came from.
with exports as (
    select * from {{ ref('int_exports_covered') }}
    where export_name = 'scrm__link_clicks' and is_loaded
),

communities as (
    select * from {{ ref('int_communities_described') }}
    where promo_code is not null
),

activities as (
    select * from {{ ref('stg_kuaituantuan__activities') }}
    where chat_id is not null
),

gather_evidence as (
    select 'clicks' as evidence
    from exports
    union all
    select 'codes' as evidence
    from communities
    union all
    select 'activities' as evidence
    from activities
),

final as (
    select count(*) > 0 as is_known
    from gather_evidence
)

select * from final
