{{ config(
    post_hook="{{ note_table_changes() }}",
    meta={'ledger_items': ['identity_key'], 'ledger_kinds': {'persons': 'person_id'}},
) }}

-- Buyers are known by phones, and by keys of the shops: a phone counts only if one person alone holds it.
with member_keys as (
    select * from {{ ref('int_member_keys_resolved') }}
),

split_phones as (
    select
        customer_key,
        {{ split_to_rows('phone_keys', ',') }} as phone_key
    from {{ ref('stg_wecom__customers') }}
    where phone_keys is not null
),

resolve_phones as (
    select
        split_phones.phone_key as identity_key,
        min(member_keys.person_id) as person_id
    from split_phones
    inner join member_keys on split_phones.customer_key = member_keys.identity_key
    group by split_phones.phone_key
    having count(distinct member_keys.person_id) = 1
),

resolve_open_keys as (
    select
        open_key as identity_key,
        min(union_key) as person_id
    from {{ ref('stg_wechat_store__orders') }}
    where union_key is not null
    group by open_key
),

gather_buyer_keys as (
    select phone_key as identity_key from {{ ref('stg_youzan__orders') }}
    union
    select union_key from {{ ref('stg_wechat_store__orders') }}
    union
    select open_key from {{ ref('stg_wechat_store__orders') }}
    union
    select open_key from {{ ref('stg_kuaituantuan__orders') }}
    union
    select phone_key from {{ ref('stg_kuaituantuan__sheet_orders') }}
    union
    select phone_key from {{ ref('stg_youzan__coupon_uses') }}
    union
    select person_id from member_keys
),

resolve_buyer_keys as (
    select
        gather_buyer_keys.identity_key,
        coalesce(
            resolve_phones.person_id,
            resolve_open_keys.person_id,
            gather_buyer_keys.identity_key
        ) as person_id
    from gather_buyer_keys
    left join resolve_phones on gather_buyer_keys.identity_key = resolve_phones.identity_key
    left join resolve_open_keys on gather_buyer_keys.identity_key = resolve_open_keys.identity_key
    left join member_keys on gather_buyer_keys.identity_key = member_keys.identity_key
    where
        gather_buyer_keys.identity_key is not null
        and member_keys.identity_key is null
),

final as (
    select
        identity_key,
        person_id
    from member_keys
    union all
    select
        identity_key,
        person_id
    from resolve_buyer_keys
)

select * from final
