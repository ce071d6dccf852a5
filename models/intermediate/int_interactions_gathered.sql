{%- set counted_types = [('comment', 'comment_count'), ('like', 'like_count'), ('share', 'share_count')] -%}

with content_days as (
    select * from {{ ref('int_content_days_counted') }}
),

check_ins as (
    select * from {{ ref('int_check_ins_counted') }}
),

votes as (
    select * from {{ ref('int_poll_votes_cast') }}
),

sign_ups as (
    select * from {{ ref('int_sign_ups_listed') }}
),

gather_interactions as (
    {% for interaction_type, column in counted_types -%}
    select
        {{ composite_key(["'" ~ interaction_type ~ "'", 'content_id', 'date_day']) }} as interaction_id,
        community_id,
        cast(null as {{ dbt.type_string() }}) as person_id,
        '{{ interaction_type }}' as interaction_type,
        {{ column }} as interaction_count,
        cast(null as timestamp) as occurred_at,
        date_day
    from content_days
    union all
    {% endfor -%}
    select
        {{ composite_key(["'check_in'", 'check_in_id']) }} as interaction_id,
        community_id,
        person_id,
        'check_in' as interaction_type,
        check_ins as interaction_count,
        checked_in_at as occurred_at,
        date_day
    from check_ins
    union all
    select
        {{ composite_key(["'vote'", 'vote_id']) }} as interaction_id,
        community_id,
        person_id,
        'vote' as interaction_type,
        1 as interaction_count,
        voted_at as occurred_at,
        date_day
    from votes
    union all
    select
        {{ composite_key(["'sign_up'", 'message_id']) }} as interaction_id,
        community_id,
        person_id,
        'sign_up' as interaction_type,
        1 as interaction_count,
        signed_up_at as occurred_at,
        date_day
    from sign_ups
),

final as (
    select
        interaction_id,
        community_id,
        person_id,
        interaction_type,
        cast(interaction_count as integer) as interaction_count,
        occurred_at,
        date_day
    from gather_interactions
)

select * from final
