"""Claims on record: declared before they are measured, judged by the numbers alone, kept in data/claims.csv."""

from labkit.ledger._claim import Budget, Claim, Verdict, claim, judge
from labkit.ledger._measure import Measured, claims_of, measure, measure_all, module, stems
from labkit.ledger._reasons import Reasons, explain
from labkit.ledger._record import check_against_record, record, recorded
from labkit.ledger._sweeps import read_table, tables_of, write_tables
from labkit.ledger._table import ClaimsTable, render

__all__ = [
    "Budget",
    "Claim",
    "ClaimsTable",
    "Measured",
    "Reasons",
    "Verdict",
    "check_against_record",
    "claim",
    "claims_of",
    "explain",
    "judge",
    "measure",
    "measure_all",
    "module",
    "read_table",
    "record",
    "recorded",
    "render",
    "stems",
    "tables_of",
    "write_tables",
]
