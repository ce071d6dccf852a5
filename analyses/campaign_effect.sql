-- 各类活动在哪个阶段有效？
-- Which kinds of campaign work, and in which phase?
--
-- Grain: one row per kind of campaign and phase, and one per kind over all of its campaigns (phase all).
-- How to read it: reached, participants and buyers are counted per campaign: a person in two campaigns of a kind counts
-- twice. Within a phase only its own actions count, so the phases do not add up to the row all. none is what lies
-- outside of every phase, and everything of campaigns without phases. Nothing here is incremental: some would have
-- bought anyway. A figure is null where no export tells it (no community: no messages).
-- The rates: mf query --metrics campaign_participation_rate,campaign_conversion_rate,campaign_return
--                     --group-by campaign__campaign_type
-- The return of a phase: mf query --metrics campaign_return --group-by campaign__campaign_type,phase__campaign_phase
with campaigns as (
    select * from {{ ref('dim_campaigns') }}
),

members as (
    select * from {{ ref('fct_campaign_members') }}
),

phases as (
    select * from {{ ref('fct_campaign_phases') }}
),

count_members as (
    select
        campaign_id,
        count(person_id) as reached,
        count(participant_person_id) as participants,
        case when max(case when is_sales_known then 1 else 0 end) = 1 then count(buyer_person_id) end as buyers
    from members
    group by campaign_id
),

sum_phases as (
    select
        campaign_id,
        sum(orders) as orders,
        sum(net_amount) as net_amount,
        sum(effective_messages) as effective_messages,
        sum(cost_amount) as cost_amount
    from phases
    group by campaign_id
),

gather_rows as (
    select
        sum_phases.campaign_id,
        'all' as campaign_phase,
        count_members.reached,
        count_members.participants,
        count_members.buyers,
        sum_phases.orders,
        sum_phases.net_amount,
        sum_phases.effective_messages,
        sum_phases.cost_amount
    from sum_phases
    left join count_members on sum_phases.campaign_id = count_members.campaign_id
    union all
    select
        campaign_id,
        campaign_phase,
        reached_members as reached,
        participants,
        buyers,
        orders,
        net_amount,
        effective_messages,
        cost_amount
    from phases
),

final as (
    select
        campaigns.campaign_type,
        gather_rows.campaign_phase,
        count(distinct gather_rows.campaign_id) as campaigns,
        sum(gather_rows.reached) as reached,
        sum(gather_rows.participants) as participants,
        sum(gather_rows.effective_messages) as effective_messages,
        sum(gather_rows.buyers) as buyers,
        sum(gather_rows.orders) as orders,
        sum(gather_rows.net_amount) as net_amount,
        sum(gather_rows.cost_amount) as cost_amount
    from gather_rows
    inner join campaigns on gather_rows.campaign_id = campaigns.campaign_id
    group by campaigns.campaign_type, gather_rows.campaign_phase
)

select * from final
order by
    campaign_type asc,
    case campaign_phase
        when 'all' then 0 when '预热' then 1 when '开团' then 2 when '结团' then 3 when '追单' then 4 else 5
    end asc
