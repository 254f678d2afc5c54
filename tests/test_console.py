"""Notes of a measurement on the command line."""

from typing import Any

from isthmus.console import gap_notes


def row(layer: str, metric: str, *warnings: str) -> dict[str, Any]:
    return {"layer": layer, "metric": metric, "warnings": warnings}


def test_equal_notes_are_one_that_lists_what_they_are_for() -> None:
    few = "{} frames on one side for 64 dimensions: its covariance is singular"
    rows = [row(layer, "frechet", few.format(n)) for layer, n in (("colour", 30), ("shape", 31))]
    rows += [row("all", "mmd", "4 units on one side"), row("all", "cmd", "4 units on one side")]
    assert gap_notes(rows) == [
        f"note (2 of 4: colour, shape; frechet): {few.format(30)} (numbers differ between them)",
        "note (2 of 4: all; mmd, cmd): 4 units on one side",
    ]


def test_many_layers_are_counted() -> None:
    rows = [row(f"c{i}", "mmd", "few units") for i in range(9)]
    assert gap_notes(rows) == ["note (9 of 9: c0, c1, c2, c3, c4, c5 and 3 more; mmd): few units"]
