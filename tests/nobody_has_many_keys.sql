-- Warns: names each union id that more than five keys of customers share. It is rather the hash of a blank or of a
-- masked value than a person, and everybody who has it counts as one. Leave such cells blank.
{{ config(severity='warn') }}

with gather_keys as (
    select
        customer_key as person_key,
        union_key
    from {{ ref('stg_wecom__customers') }}
    union all
    select
        member_key as person_key,
        union_key
    from {{ ref('stg_wecom__group_members') }}
)

select
    union_key,
    count(distinct person_key) as keys_held
from gather_keys
where union_key is not null
group by union_key
having count(distinct person_key) > 5
