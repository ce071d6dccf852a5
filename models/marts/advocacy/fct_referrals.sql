with referrals as (
    select * from {{ ref('int_referrals_credited') }}
    where succeeded_at is not null
),

covered_days as (
    select dates.date_day
    from {{ ref('int_dates_spanned') }} as dates
    inner join {{ ref('int_exports_covered') }} as exports
        on exports.export_name = 'referral__records'
        and exports.is_loaded
        and dates.date_day >= exports.first_day
        and dates.date_day <= exports.last_day
    -- a referral succeeds by an order: without orders success is unknown, not zero
    where exists (select 1 from {{ ref('int_sales_days_spanned') }})
),

final as (
    select
        referrals.invitee_person_id as referral_id,
        referrals.inviter_person_id,
        referrals.invitee_person_id,
        1 as successful_referrals,
        referrals.invited_at,
        cast(referrals.succeeded_at as date) as succeeded_date
    from referrals
    union all
    select
        {{ composite_key(["'empty'", 'covered_days.date_day']) }} as referral_id,
        null as inviter_person_id,
        null as invitee_person_id,
        0 as successful_referrals,
        null as invited_at,
        covered_days.date_day as succeeded_date
    from covered_days
)

select * from final
