-- Whoever has a valid order has exactly one first one, and nobody else has.
with buyers as (
    select
        person_id,
        count(*) as firsts
    from {{ ref('fct_buyers') }}
    where person_id is not null
    group by person_id
),

sales as (
    select
        buyer_person_id as person_id,
        min(paid_date) as first_paid_date
    from {{ ref('fct_sales') }}
    where buyer_person_id is not null
    group by buyer_person_id
)

select
    buyers.person_id,
    sales.first_paid_date,
    buyers.firsts
from buyers
full outer join sales on buyers.person_id = sales.person_id
where coalesce(buyers.firsts, 0) != 1 or sales.person_id is null
