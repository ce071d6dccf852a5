-- Each cell that a platform may write, with what its macro must make of it: rows that differ are errors of the macro.
with cells as (
    select
        cases.*,
        {{ clean_text('cell') }} as text_read,
        {{ clean_text(bill_cell('cell')) }} as bill_read,
        {{ parse_number('cell', 'integer') }} as integer_read,
        {{ parse_number('cell', 'decimal(18, 5)') }} as decimal_read,
        {{ parse_money('cell', 'yuan') }} as yuan_read,
        {{ parse_money('cell', 'fen') }} as fen_read,
        {{ try_cast_to('cell', 'integer') }} as cast_read,
        {{ is_key_list('cell', ['wm', 'st']) }} as is_key_list_read,
        {{ is_rounded_number('cell') }} as is_rounded_read
    from (
        values
        ('text', ' 到店 码 ', '到店 码'), ('text', '', null), ('text', '   ', null), ('text', '-', null),
        ('text', ' — ', null), ('text', '——', null), ('text', '/', null), ('text', 'N/A', null), ('text', '?', null),
        ('text', null, null),
        ('text', '0', '0'), ('text', '--', '--'), ('text', 'a/b', 'a/b'), ('text', 'n/a', 'n/a'),
        ('bill', '`4200001234567890123456', '4200001234567890123456'), ('bill', '` ', null), ('bill', '`', null),
        ('bill', '12', '12'),
        ('integer', '7', '7'), ('integer', ' 7 ', '7'), ('integer', '1,234', '1234'), ('integer', '-3', '-3'),
        ('integer', '0', '0'), ('integer', '7.0', '7'), ('integer', '7.5', null), ('integer', '7.000001', null),
        ('integer', 'seven', null), ('integer', '——', null), ('integer', '', null), ('integer', null, null),
        ('integer', '2147483647', '2147483647'), ('integer', '2147483648', null), ('integer', 'nan', null),
        -- a spreadsheet's way to write long numbers has lost their last digits
        ('integer', '1.23E+05', null), ('integer', '1e3', null),
        ('decimal', '0.12345', '0.12345'), ('decimal', '0.123456', null), ('decimal', '12.5', '12.50000'),
        ('decimal', '1.2E+03', null),
        ('yuan', '¥1,234.50', '1234.50'), ('yuan', '￥ 8', '8.00'), ('yuan', '¥-8.00', '-8.00'), ('yuan', '0', '0.00'),
        ('yuan', '0.01', '0.01'), ('yuan', '9.995', null), ('yuan', '9.990', '9.99'), ('yuan', '——', null),
        ('yuan', '1.2E+03', null), ('yuan', '12元', null),
        ('fen', '1', '0.01'), ('fen', '123450', '1234.50'), ('fen', '-199', '-1.99'), ('fen', '0', '0.00'),
        ('fen', '99.5', null), ('fen', '99.0', '0.99'), ('fen', '', null),
        ('cast', '12', '12'), ('cast', 'twelve', null), ('cast', '', null), ('cast', '99999999999', null),
        ('cast', '2147483647', '2147483647'), ('cast', '2147483648', null), ('cast', '-2147483648', '-2147483648'),
        ('cast', '1.5', '2'), ('cast', '-1.5', '-2'), ('cast', '1.4', '1'),
        -- what one engine's cast takes for a number and another's does not, or stops at
        ('integer', '１２', null), ('integer', '+7', '7'), ('integer', '--7', null), ('integer', '1 2', null),
        ('integer', '7.', '7'), ('integer', '.', null), ('integer', '+', null), ('integer', '00012', '12'),
        ('integer', '-0', '0'), ('integer', '0x10', null), ('integer', '1_000', '1000'), ('integer', '1__0', null),
        ('integer', '7;', null), ('integer', '7d', null), ('integer', '7L', null), ('integer', 'true', null),
        ('integer', 'Infinity', null), ('integer', '-inf', null), ('integer', 'NaN', null),
        ('integer', chr(9) || '7' || chr(10), '7'), ('integer', '7' || chr(160), '7'),
        ('integer', '　7', '7'), ('integer', '-2147483648', '-2147483648'),
        ('integer', '-2147483649', null), ('integer', '99999999999999999999999999999999999999999999', null),
        ('integer', '0.0000000000000000000000000000000000000000000', '0'),
        ('decimal', '.5', '0.50000'), ('decimal', '-.5', '-0.50000'),
        ('decimal', '9999999999999', '9999999999999.00000'),
        ('decimal', '10000000000000', null), ('decimal', '１.5', null), ('decimal', '1.2.3', null),
        ('yuan', '1,234,567,890,123,456.00', '1234567890123456.00'), ('yuan', '12345678901234567', null),
        ('fen', '9223372036854775808', null), ('fen', '¥1,000', '10.00'),
        ('text', '　', null), ('text', '　甲　', '甲'), ('text', 'it''s', 'it''s'), ('text', 'a\b', 'a\b'),
        ('is_key_list', 'wm_1', 'true'), ('is_key_list', 'wm_1,st_2', 'true'), ('is_key_list', 'wm_1,', 'false'),
        ('is_key_list', 'wm_1' || chr(10), 'true'), ('is_key_list', 'wm_1,13800000000', 'false'),
        ('is_key_list', 'xwm_1', 'false'), ('is_key_list', 'wm_', 'false'), ('is_key_list', '', 'false'),
        ('is_key_list', null, null),
        ('is_rounded', '1.23457E+17', 'true'), ('is_rounded', '1e+17', 'true'), ('is_rounded', '12.3E+17', 'false'),
        ('is_rounded', '1.23457E+17' || chr(10), 'false'), ('is_rounded', '123', 'false'), ('is_rounded', null, null)
    ) as cases (macro_name, cell, expected)
),

read_by_macro as (
    select
        macro_name,
        cell,
        expected,
        case macro_name
            when 'text' then text_read
            when 'bill' then bill_read
            when 'integer' then cast(integer_read as {{ dbt.type_string() }})
            when 'decimal' then cast(decimal_read as {{ dbt.type_string() }})
            when 'yuan' then cast(yuan_read as {{ dbt.type_string() }})
            when 'fen' then cast(fen_read as {{ dbt.type_string() }})
            when 'cast' then cast(cast_read as {{ dbt.type_string() }})
            when 'is_key_list' then cast(is_key_list_read as {{ dbt.type_string() }})
            when 'is_rounded' then cast(is_rounded_read as {{ dbt.type_string() }})
        end as found
    from cells
)

select *
from read_by_macro
where found is distinct from expected
