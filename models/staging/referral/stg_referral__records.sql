with accepted as (
    select *
    from {{ ref('base_referral__records') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by inviter_key, invitee_key, invited_at
            order by exported_at desc, source_row desc
        ) as copy_number
    from accepted
),

final as (
    select
        inviter_key,
        invitee_key,
        invite_code,
        invited_at,
        invite_status,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
