"""The operational design domain: what may vary, how it is drawn, one row for every image."""

from isthmus.synth.odd.domain import Domain, load_odd
from isthmus.synth.odd.rows import Row, sample_rows
from isthmus.synth.odd.table import read_rows, write_rows

__all__ = ["Domain", "Row", "load_odd", "read_rows", "sample_rows", "write_rows"]
