with staff as (
    select * from {{ ref('stg_wecom__staff') }}
),

final as (
    select
        staff_key,
        department,
        position as job_position,
        employment_status = '1' as is_active
    from staff
)

select * from final
