-- What tells that a campaign reached somebody or that he took part: a message, a sign-up, a claimed gift, being in or
-- joining its community while it lasts, an order.
with campaigns as (
    select * from {{ ref('int_campaigns_bounded') }}
    where is_started
),

reach as (
    select * from {{ ref('stg_scrm__campaign_reach') }}
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
),

persons as (
    select * from {{ ref('int_persons_classified') }}
    where is_counted
),

memberships as (
    select * from {{ ref('int_memberships_described') }}
    where is_counted
),

orders as (
    select * from {{ ref('int_campaign_orders_credited') }}
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

gather_actions as (
    select
        campaigns.campaign_id,
        identities.person_id,
        reach.campaign_action,
        reach.acted_at,
        reach.campaign_action in ('sign_up', 'claim')
        and reach.acted_at >= campaigns.window_starts_at
        and reach.acted_at < campaigns.window_ends_at as is_participation
    from reach
    inner join campaigns on reach.campaign_id = campaigns.campaign_id
    inner join identities on reach.customer_key = identities.identity_key
    inner join persons on identities.person_id = persons.person_id
    cross join calendar
    where cast(reach.acted_at as date) <= calendar.as_of_date
    union all
    select
        campaigns.campaign_id,
        memberships.person_id,
        case when memberships.joined_at >= campaigns.window_starts_at then 'join' else 'stay' end as campaign_action,
        greatest(memberships.joined_at, campaigns.window_starts_at) as acted_at,
        memberships.joined_at >= campaigns.window_starts_at as is_participation
    from memberships
    inner join campaigns
        on memberships.community_id = campaigns.community_id
        and memberships.joined_at < campaigns.window_ends_at
        and (memberships.left_at is null or memberships.left_at > campaigns.window_starts_at)
    union all
    select
        orders.campaign_id,
        orders.person_id,
        'order' as campaign_action,
        orders.paid_at as acted_at,
        true as is_participation
    from orders
),

final as (
    select
        campaign_id,
        person_id,
        campaign_action,
        acted_at,
        max(case when is_participation then 1 else 0 end) = 1 as is_participation,
        count(*) as actions
    from gather_actions
    group by campaign_id, person_id, campaign_action, acted_at
)

select * from final
