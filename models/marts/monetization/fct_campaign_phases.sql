-- Everything that has a time is put into the phase of its campaign that it falls in: of several the one that began
-- last, of none the row `none`. A cost belongs to a phase that its day touches.
with campaigns as (
    select * from {{ ref('int_campaigns_bounded') }}
    where is_started
),

phases as (
    select * from {{ ref('stg_manual__campaign_phases') }}
),

actions as (
    select * from {{ ref('int_campaign_actions_gathered') }}
),

orders as (
    select * from {{ ref('int_campaign_orders_credited') }}
),

messages as (
    select * from {{ ref('int_messages_flagged') }}
    where is_effective
),

costs as (
    select * from {{ ref('int_costs_spread') }}
),

exports as (
    select * from {{ ref('int_exports_covered') }}
    where export_name = 'manual__costs' and is_loaded
),

list_phases as (
    select
        campaigns.campaign_id,
        phases.campaign_phase,
        phases.starts_at,
        phases.ends_at
    from campaigns
    inner join phases on campaigns.campaign_id = phases.campaign_id
    union all
    select
        campaign_id,
        'none' as campaign_phase,
        timestamp '1900-01-01' as starts_at,
        timestamp '2100-01-01' as ends_at
    from campaigns
),

gather_events as (
    select
        campaign_id,
        {{ composite_key(["'action'", 'person_id', 'campaign_action', 'acted_at']) }} as event_id,
        acted_at as begins_at,
        acted_at as ends_at,
        person_id as reached_person_id,
        case when is_participation then person_id end as participant_person_id,
        0 as orders,
        cast(0 as decimal(18, 2)) as net_amount,
        0 as messages,
        cast(0 as decimal(18, 2)) as cost_amount
    from actions
    where campaign_action != 'order'
    union all
    select
        campaign_id,
        {{ composite_key(["'order'", 'order_key']) }} as event_id,
        paid_at as begins_at,
        paid_at as ends_at,
        person_id as reached_person_id,
        person_id as participant_person_id,
        1 as orders,
        net_amount,
        0 as messages,
        0 as cost_amount
    from orders
    union all
    select
        campaigns.campaign_id,
        {{ composite_key(["'message'", 'messages.message_id']) }} as event_id,
        messages.sent_at as begins_at,
        messages.sent_at as ends_at,
        null as reached_person_id,
        null as participant_person_id,
        0 as orders,
        0 as net_amount,
        1 as messages,
        0 as cost_amount
    from messages
    inner join campaigns
        on messages.community_id = campaigns.community_id
        and messages.sent_at >= campaigns.window_starts_at
        and messages.sent_at < campaigns.window_ends_at
    union all
    select
        costs.campaign_id,
        {{ composite_key(["'cost'", 'costs.cost_item_id', 'costs.date_day']) }} as event_id,
        cast(costs.date_day as timestamp) as begins_at,
        cast(costs.date_day as timestamp) + interval '86399 seconds' as ends_at,
        null as reached_person_id,
        null as participant_person_id,
        0 as orders,
        0 as net_amount,
        0 as messages,
        costs.cost_amount
    from costs
    inner join exports on costs.date_day >= exports.first_day and costs.date_day <= exports.last_day
),

rank_phases as (
    select
        gather_events.*,
        list_phases.campaign_phase,
        row_number() over (
            partition by gather_events.campaign_id, gather_events.event_id
            order by list_phases.starts_at desc, list_phases.campaign_phase asc
        ) as phase_rank
    from gather_events
    inner join list_phases
        on gather_events.campaign_id = list_phases.campaign_id
        and gather_events.ends_at >= list_phases.starts_at
        and gather_events.begins_at < list_phases.ends_at
),

sum_phases as (
    select
        campaign_id,
        campaign_phase,
        count(distinct reached_person_id) as reached_members,
        count(distinct participant_person_id) as participants,
        count(distinct case when orders = 1 then participant_person_id end) as buyers,
        sum(orders) as orders,
        sum(net_amount) as net_amount,
        sum(messages) as messages,
        sum(cost_amount) as cost_amount
    from rank_phases
    where phase_rank = 1
    group by campaign_id, campaign_phase
),

final as (
    select
        {{ composite_key(['list_phases.campaign_id', 'list_phases.campaign_phase']) }} as campaign_phase_id,
        list_phases.campaign_id,
        campaigns.community_id,
        list_phases.campaign_phase,
        case when list_phases.campaign_phase != 'none' then list_phases.starts_at end as phase_starts_at,
        case when list_phases.campaign_phase != 'none' then list_phases.ends_at end as phase_ends_at,
        case
            when campaigns.is_reach_known then cast(coalesce(sum_phases.reached_members, 0) as integer)
        end as reached_members,
        case
            when campaigns.is_reach_known then cast(coalesce(sum_phases.participants, 0) as integer)
        end as participants,
        case when campaigns.is_sales_known then cast(coalesce(sum_phases.buyers, 0) as integer) end as buyers,
        case when campaigns.is_sales_known then cast(coalesce(sum_phases.orders, 0) as integer) end as orders,
        cast(
            case when campaigns.is_sales_known then coalesce(sum_phases.net_amount, 0) end as decimal(18, 2)
        ) as net_amount,
        case
            when campaigns.is_messages_known then cast(coalesce(sum_phases.messages, 0) as integer)
        end as effective_messages,
        cast(
            case when exports.is_loaded then coalesce(sum_phases.cost_amount, 0) end as decimal(18, 2)
        ) as cost_amount,
        campaigns.is_sales_known and coalesce(exports.is_loaded, false) as is_return_known,
        campaigns.start_date as campaign_start_date
    from list_phases
    inner join campaigns on list_phases.campaign_id = campaigns.campaign_id
    left join exports
        on campaigns.start_date >= exports.first_day
        and campaigns.start_date <= exports.last_day
    left join sum_phases
        on list_phases.campaign_id = sum_phases.campaign_id
        and list_phases.campaign_phase = sum_phases.campaign_phase
)

select * from final
