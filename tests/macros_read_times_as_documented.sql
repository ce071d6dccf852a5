-- Each moment that a platform may write, with the wall clock of Asia/Shanghai that it means: what differs is wrong.
with moments as (
    select
        cases.*,
        {{ epoch_to_local('cell', 'seconds') }} as seconds_read,
        {{ epoch_to_local('cell', 'milliseconds') }} as milliseconds_read,
        {{ text_to_local('cell', '%Y-%m-%d %H:%M:%S') }} as text_read,
        {{ text_to_local('cell', '%Y/%m/%d') }} as date_read
    from (
        values
        -- midnight in Shanghai is 16:00 of the day before in Greenwich
        ('seconds', '1767196799', '2025-12-31 23:59:59'), ('seconds', '1767196800', '2026-01-01 00:00:00'),
        ('seconds', ' 1767196800 ', '2026-01-01 00:00:00'), ('seconds', '1767196800.0', '2026-01-01 00:00:00'),
        ('milliseconds', '1767196799999', '2025-12-31 23:59:59.999'),
        ('milliseconds', '1767196800000', '2026-01-01 00:00:00'),
        -- leap day
        ('seconds', '1709135999', '2024-02-28 23:59:59'), ('seconds', '1709136000', '2024-02-29 00:00:00'),
        -- the other unit, and the ends of what is believed
        ('milliseconds', '1767196800', null), ('seconds', '1767196800000', null),
        ('seconds', '1262303999', null), ('seconds', '1262304000', '2010-01-01 08:00:00'),
        ('seconds', '4102444800', '2100-01-01 08:00:00'), ('seconds', '4102444801', null),
        ('milliseconds', '1262303999999', null), ('milliseconds', '1262304000000', '2010-01-01 08:00:00'),
        ('seconds', '0', null), ('seconds', '', null), ('seconds', '——', null), ('seconds', '2026-01-01', null),
        ('seconds', null, null),
        -- a spreadsheet's way to write long numbers has lost their last digits: the time would be another
        ('milliseconds', '1.76720E+12', null), ('seconds', '1.7672E9', null), ('seconds', '1767196800.5', null),
        ('text', '2025-12-31 23:59:59', '2025-12-31 23:59:59'), ('text', '2026-01-01 00:00:00', '2026-01-01 00:00:00'),
        ('text', ' 2026-01-31 08:00:00 ', '2026-01-31 08:00:00'), ('text', '2026-01-01 24:00:00', null),
        ('text', '2024-02-29 12:00:00', '2024-02-29 12:00:00'), ('text', '2026-02-29 12:00:00', null),
        ('text', '2009-12-31 23:59:59', null), ('text', '2010-01-01 00:00:00', '2010-01-01 00:00:00'),
        ('text', '2099-12-31 23:59:59', '2099-12-31 23:59:59'), ('text', '2100-01-01 00:00:00', null),
        ('text', '2026-01-01', null), ('text', '——', null), ('text', '', null), ('text', null, null),
        ('date', '2026/1/5', '2026-01-05 00:00:00'), ('date', '2026/01/05', '2026-01-05 00:00:00'),
        ('date', '2024/2/29', '2024-02-29 00:00:00'), ('date', '2026/2/29', null), ('date', '2026/4/31', null),
        ('date', '2026-01-05', null), ('date', '2026/02/30', null), ('date', '2026/02/31', null),
        ('date', '2026/13/01', null), ('date', '2026/00/05', null), ('date', '2026/01/00', null),
        ('date', '2026/01/32', null), ('date', '2026/001/05', null), ('date', '26/01/05', null),
        ('date', '２０２６/01/05', null), ('date', '2026/1/5 00:00', null), ('date', '2026/1/5x', null),
        -- what one engine takes for a time and another does not, or stops at
        ('text', '2026-1-5 3:4:5', '2026-01-05 03:04:05'), ('text', '2026-01-05  03:04:05', '2026-01-05 03:04:05'),
        ('text', '2026-01-05' || chr(9) || '03:04:05', '2026-01-05 03:04:05'), ('text', '2026-01-05T03:04:05', null),
        ('text', chr(10) || '2026-01-05 03:04:05' || chr(10), '2026-01-05 03:04:05'),
        ('text', '2026-01-0503:04:05', null), ('text', '2026- 01-05 03:04:05', null),
        ('text', '2026-01-05 03:04:05.5', null), ('text', '2026-01-05 03:04:60', null),
        ('text', '2026-01-05 03:60:00', null), ('text', '2026-01-05 03:04', null),
        ('text', '2026-01-05 03:04:05Z', null), ('text', '2026-01-05 03:04:05+08', null),
        ('text', '2026-01-05 003:04:05', null), ('text', 'epoch', null), ('text', 'infinity', null),
        ('text', 'now', null), ('text', 'today', null), ('text', '0000-00-00 00:00:00', null),
        ('text', '2026-02-31 00:00:00', null), ('text', '2100-02-29 00:00:00', null),
        ('text', '2096-02-29 00:00:00', '2096-02-29 00:00:00'),
        ('seconds', '１７６７１９６８００', null), ('seconds', '-1767196800', null), ('seconds', '+1767196800', null),
        ('seconds', '0001767196800', '2026-01-01 00:00:00'), ('seconds', '1767196800.', '2026-01-01 00:00:00'),
        ('seconds', '1767196800' || chr(10), null), ('seconds', '99999999999999999999999999', null),
        ('seconds', 'NaN', null), ('seconds', '1,767,196,800', null)
    ) as cases (macro_name, cell, expected)
),

read_by_macro as (
    select
        macro_name,
        cell,
        cast(expected as timestamp) as expected_at,
        case macro_name
            when 'seconds' then seconds_read
            when 'milliseconds' then milliseconds_read
            when 'text' then text_read
            when 'date' then date_read
        end as found_at
    from moments
)

select *
from read_by_macro
where found_at is distinct from expected_at
