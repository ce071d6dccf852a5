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

-- The person behind a key under which communities and their tools know somebody: unionid wins over external_userid.
with gather_member_keys as (
    select
        customer_key as identity_key,
        union_key
    from {{ ref('stg_wecom__customers') }}
    union all
    select
        member_key as identity_key,
        union_key
    from {{ ref('stg_wecom__group_members') }}
    {% for model, key_column in lone_keys %}
    union all
    select
        {{ key_column }} as identity_key,
        null as union_key
    from {{ ref(model) }}
    {% endfor %}
),

final as (
    select
        identity_key,
        coalesce(min(union_key), identity_key) as person_id
    from gather_member_keys
    where identity_key is not null
    group by identity_key
)

select * from final
