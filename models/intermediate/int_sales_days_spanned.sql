-- Days and communities for which a sale could have been exported: there, no sale means zero;
-- elsewhere it means unknown.
with attribution as (
    select * from {{ ref('int_attribution_evidenced') }}
),

covered_days as (
    select dates.date_day
    from {{ ref('int_dates_spanned') }} as dates
    where exists (
        select 1
        from {{ ref('int_exports_covered') }} as exports
        where
            exports.export_name in ('youzan__orders', 'wechat_store__orders', 'kuaituantuan__orders')
            and exports.is_loaded
            and dates.date_day >= exports.first_day
            and dates.date_day <= exports.last_day
    )
),

span_community_days as (
    select
        community_days.community_id,
        community_days.date_day
    from {{ ref('int_community_days_spanned') }} as community_days
    inner join covered_days on community_days.date_day = covered_days.date_day
    -- where nobody can say which community an order came from, a community without one is unknown, not zero
    inner join attribution on attribution.is_known
    union all
    select
        'unattributed' as community_id,
        date_day
    from covered_days
),

final as (
    select
        community_id,
        date_day
    from span_community_days
)

select * from final
