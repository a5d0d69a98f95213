"""Measure how long sweeps take on this machine, and write data/sweep_speedup.csv."""

from labkit.files import data_path, write_text
from labkit.lessons.sweeps import MEASURED, TABLE, measure

if __name__ == "__main__":
    table = measure()
    write_text(data_path(TABLE), table.to_csv(index=False, lineterminator="\n"))
    print(table[list(MEASURED)].to_string(index=False))
