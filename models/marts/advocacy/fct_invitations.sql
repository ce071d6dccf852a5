with referrals as (
    select * from {{ ref('int_referrals_credited') }}
),

covered_days as (
    select dates.date_day
    from {{ ref('int_dates_spanned') }} as dates
    inner join {{ ref('int_exports_covered') }} as exports
        on exports.export_name = 'referral__records'
        and exports.is_loaded
        and dates.date_day >= exports.first_day
        and dates.date_day <= exports.last_day
),

final as (
    select
        referrals.invitee_person_id as invitation_id,
        referrals.inviter_person_id,
        referrals.invitee_person_id,
        referrals.invite_code is not null as has_invite_code,
        referrals.invited_at,
        covered_days.date_day as invited_date
    from referrals
    inner join covered_days on cast(referrals.invited_at as date) = covered_days.date_day
    union all
    select
        {{ composite_key(["'empty'", 'covered_days.date_day']) }} as invitation_id,
        null as inviter_person_id,
        null as invitee_person_id,
        false as has_invite_code,
        null as invited_at,
        covered_days.date_day as invited_date
    from covered_days
)

select * from final
