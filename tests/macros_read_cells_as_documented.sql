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
        {{ try_cast_to('cell', 'integer') }} as cast_read
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
        ('cast', '12', '12'), ('cast', 'twelve', null), ('cast', '', null), ('cast', '99999999999', null)
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
        end as found
    from cells
)

select *
from read_by_macro
where found is distinct from expected
