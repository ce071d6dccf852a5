with profiles as (
    select * from {{ ref('int_purchase_profiles_measured') }}
),

-- fifths by rank: equal values share a score, so that no value is cut in two
score_buyers as (
    select
        *,
        ceil(5 * cume_dist() over (partition by snapshot_date order by recency_days desc)) as recency_score,
        ceil(5 * cume_dist() over (partition by snapshot_date order by purchase_days asc)) as frequency_score,
        ceil(5 * cume_dist() over (partition by snapshot_date order by monetary_amount asc)) as monetary_score
    from profiles
),

final as (
    select
        {{ composite_key(['person_id', 'snapshot_date']) }} as rfm_id,
        person_id,
        cast(recency_days as integer) as recency_days,
        cast(purchase_days as integer) as purchase_days,
        cast(monetary_amount as decimal(18, 2)) as monetary_amount,
        cast(recency_score as integer) as recency_score,
        cast(frequency_score as integer) as frequency_score,
        cast(monetary_score as integer) as monetary_score,
        snapshot_date
    from score_buyers
)

select * from final
