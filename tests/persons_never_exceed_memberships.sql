select
    date_day,
    count(distinct person_id) as persons,
    count(membership_id) as memberships
from {{ ref('fct_membership_days') }}
where is_open_at_end
group by date_day
having count(distinct person_id) > count(membership_id)
