-- Warns: names each key of a customer or buyer that comes with two union ids. The smaller one counts, so two persons
-- stand as one, or one as two. The keys were made with two salts, or rows of two people were mixed up.
{{ config(severity='warn') }}

with gather_keys as (
    select
        customer_key as identity_key,
        union_key
    from {{ ref('stg_wecom__customers') }}
    union all
    select
        member_key as identity_key,
        union_key
    from {{ ref('stg_wecom__group_members') }}
    union all
    select
        open_key as identity_key,
        union_key
    from {{ ref('stg_wechat_store__orders') }}
)

select
    identity_key,
    min(union_key) as first_union_key,
    max(union_key) as last_union_key
from gather_keys
where identity_key is not null and union_key is not null
group by identity_key
having count(distinct union_key) > 1
