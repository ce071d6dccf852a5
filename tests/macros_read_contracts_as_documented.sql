-- What each macro must read from the contracts: rows that differ are errors of the macro.
with read_by_macro as (
    select
        cases.macro_name,
        cases.expected,
        cases.found
    from (
        values
        ('contracts', '{{ 'yes' if 'wecom__staff' in contracts() else 'no' }}', 'yes'),
        ('contract', '{{ contract('wecom__staff')['title'] }}', '企业微信 通讯录成员'),
        (
            'null_likes',
            '{{ null_likes() | replace("'", '"') }}',
            '"", "-", "—", "——", "/", "N/A", "?"'
        ),
        (
            'export_columns',
            '{{ export_columns('wecom__group_chats') | join(' ') }}',
            'chat_id name owner create_time status member_version _source_file _source_row _exported_at'
        ),
        (
            'contract_values',
            '{{ contract_values('weiban__check_ins', 'phase') | replace("'", '') }}',
            'first_entry, joined, finished'
        ),
        (
            'contract_values, as number',
            '{{ contract_values('kuaituantuan__activities', 'status', 'number') }}',
            '-10, -5, 1, 20, 30'
        ),
        ('clean_text', {{ clean_text("' / '") }}, null),
        ('clean_text, own null-likes', {{ clean_text("' / '", 'wechat_pay__personal_bills') }}, '/'),
        ('clean_text, own null-likes', {{ clean_text("' - '", 'wechat_pay__personal_bills') }}, null)
    ) as cases (macro_name, found, expected)
)

select *
from read_by_macro
where found is distinct from expected
