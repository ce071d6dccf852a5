with campaigns as (
    select * from {{ ref('int_campaigns_bounded') }}
    where is_started and is_reach_known
),

actions as (
    select * from {{ ref('int_campaign_actions_gathered') }}
),

summarise_persons as (
    select
        campaign_id,
        person_id,
        max(case when is_participation then 1 else 0 end) = 1 as is_participant,
        max(case when campaign_action = 'order' then 1 else 0 end) = 1 as is_buyer,
        min(acted_at) as first_reached_at,
        min(case when is_participation then acted_at end) as first_participated_at
    from actions
    group by campaign_id, person_id
),

final as (
    select
        {{ composite_key(['campaigns.campaign_id', 'summarise_persons.person_id']) }} as campaign_member_id,
        campaigns.campaign_id,
        campaigns.community_id,
        summarise_persons.person_id,
        case when summarise_persons.is_participant then summarise_persons.person_id end as participant_person_id,
        case when summarise_persons.is_buyer then summarise_persons.person_id end as buyer_person_id,
        campaigns.is_sales_known,
        summarise_persons.first_reached_at,
        summarise_persons.first_participated_at,
        campaigns.start_date as campaign_start_date
    from campaigns
    inner join summarise_persons on campaigns.campaign_id = summarise_persons.campaign_id
    union all
    select
        {{ composite_key(["'empty'", 'campaign_id']) }} as campaign_member_id,
        campaign_id,
        community_id,
        null as person_id,
        null as participant_person_id,
        null as buyer_person_id,
        is_sales_known,
        null as first_reached_at,
        null as first_participated_at,
        start_date as campaign_start_date
    from campaigns
)

select * from final
