-- Rings for every raw row that no person has looked at: `select * from quality.quarantined_rows` shows
-- file, row, column, value, reason.
-- Mend the export, or list the row in seeds/reference/acknowledged_quarantine.csv with a note.
select
    export_name,
    source_file,
    source_row,
    problem_column,
    problem_value,
    problem_reason
from {{ ref('quarantined_rows') }}
where not is_acknowledged
