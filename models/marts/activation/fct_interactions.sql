-- A view: interactions are stored once, and days without any are spanned.
{{ config(materialized='view') }}

{#- the export that speaks of each kind of interaction -#}
{%- set kinds = [
    ('comment', 'scrm__content_daily'),
    ('like', 'scrm__content_daily'),
    ('share', 'scrm__content_daily'),
    ('check_in', 'weiban__check_ins'),
    ('vote', 'wecom__polls'),
    ('sign_up', 'wecom__messages'),
] -%}

with interactions as (
    select * from {{ ref('int_interactions_gathered') }}
),

covered_days as (
    select * from {{ ref('int_interaction_days_spanned') }}
),

final as (
    select
        interaction_id,
        community_id,
        person_id,
        interaction_type,
        interaction_count as interactions,
        date_day
    from interactions
    {% for interaction_type, export in kinds -%}
    union all
    select
        {{ composite_key(["'empty'", "'" ~ interaction_type ~ "'", 'community_id', 'date_day']) }} as interaction_id,
        community_id,
        null as person_id,
        '{{ interaction_type }}' as interaction_type,
        0 as interactions,
        date_day
    from covered_days
    where export_name = '{{ export }}'
    {% endfor %}
)

select * from final
