-- 最近、经常、花得多的客人各有多少？
-- How many buyers bought lately, often and for much?
--
-- Grain: one row per recency score and frequency score at the last snapshot; pairs that nobody has are left out.
-- How to read it: 5 is best. Recency 5 and frequency 4 to 5 are the core: keep them. Recency 1 to 2 with frequency 4 to
-- 5 bought often and stopped: their net_sales say what is at stake. Recency 5 with the lowest frequency are new: the
-- second purchase decides (see second_purchase_rate_d30). Scores are fifths of the buyers and equal values share one,
-- so that with many one-time buyers the lowest frequency scores stay empty. days_from and days_to tell what a recency
-- score means in days, purchase_days_from and purchase_days_to what a frequency score means.
-- The numbers: mf query --metrics rfm_members --group-by rfm__recency_score,rfm__frequency_score,rfm__monetary_score
with rfm as (
    select * from {{ ref('fct_rfm') }}
),

find_last_snapshot as (
    select max(snapshot_date) as snapshot_date
    from rfm
),

final as (
    select
        rfm.recency_score,
        rfm.frequency_score,
        count(*) as persons,
        min(rfm.recency_days) as days_from,
        max(rfm.recency_days) as days_to,
        min(rfm.purchase_days) as purchase_days_from,
        max(rfm.purchase_days) as purchase_days_to,
        sum(rfm.monetary_amount) as net_sales,
        round(avg(rfm.monetary_score), 2) as mean_monetary_score
    from rfm
    inner join find_last_snapshot on rfm.snapshot_date = find_last_snapshot.snapshot_date
    group by rfm.recency_score, rfm.frequency_score
)

select * from final
order by recency_score desc, frequency_score desc
