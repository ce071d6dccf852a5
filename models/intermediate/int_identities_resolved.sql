{#- keys of members that arrive without another key of theirs: (staging model, column) -#}
{%- set lone_keys = [
    ('stg_wecom__group_events', 'member_key'),
    ('stg_wecom__messages', 'sender_key'),
    ('stg_wecom__polls', 'sender_key'),
    ('stg_wecom__red_packets', 'sender_key'),
    ('stg_scrm__link_clicks', 'customer_key'),
    ('stg_referral__records', 'inviter_key'),
    ('stg_referral__records', 'invitee_key'),
    ('stg_wecom__staff', 'staff_key'),
    ('stg_manual__member_roles', 'member_key'),
    ('stg_weiban__check_ins', 'customer_key'),
    ('stg_scrm__content_items', 'author_key'),
    ('stg_wenjuanxing__answers', 'customer_key'),
    ('stg_scrm__campaign_reach', 'customer_key'),
    ('stg_xiaoetong__learning', 'learner_key'),
] -%}

-- A person is known by several keys. Unionid wins over external_userid;
-- a phone counts only if one person alone holds it.
with customers as (
    select * from {{ ref('stg_wecom__customers') }}
),

group_members as (
    select * from {{ ref('stg_wecom__group_members') }}
),

gather_member_keys as (
    select
        customer_key as identity_key,
        union_key
    from customers
    union all
    select
        member_key as identity_key,
        union_key
    from group_members
    {% for model, key_column in lone_keys %}
    union all
    select
        {{ key_column }} as identity_key,
        null as union_key
    from {{ ref(model) }}
    {% endfor %}
),

resolve_member_keys as (
    select
        identity_key,
        coalesce(min(union_key), identity_key) as person_id
    from gather_member_keys
    where identity_key is not null
    group by identity_key
),

split_phones as (
    select
        customer_key,
        {{ split_to_rows('phone_keys', ',') }} as phone_key
    from customers
    where phone_keys is not null
),

resolve_phones as (
    select
        split_phones.phone_key as identity_key,
        min(resolve_member_keys.person_id) as person_id
    from split_phones
    inner join resolve_member_keys on split_phones.customer_key = resolve_member_keys.identity_key
    group by split_phones.phone_key
    having count(distinct resolve_member_keys.person_id) = 1
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
    select person_id from resolve_member_keys
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
    left join resolve_member_keys on gather_buyer_keys.identity_key = resolve_member_keys.identity_key
    where
        gather_buyer_keys.identity_key is not null
        and resolve_member_keys.identity_key is null
),

final as (
    select
        identity_key,
        person_id
    from resolve_member_keys
    union all
    select
        identity_key,
        person_id
    from resolve_buyer_keys
)

select * from final
