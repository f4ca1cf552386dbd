"""The tables of docs/faults.md: each run writes the rows of what it tried, and leaves the others."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.world import Verdict

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
OUTCOMES = (
    "fault",
    "runs",
    "published",
    "stored",
    "counted",
    "incidents",
    "mails planned",
    "delivered",
    "repeated",
    "lost",
    "doubled",
    "back by itself",
)
PROTECTIONS = ("protection taken away", "in", "what failed", "first difference seen")


@dataclass
class Row:
    """What became of one fault, over all its runs."""

    verdicts: list[Verdict] = field(default_factory=list)
    by_itself: str = "yes"

    def cells(self) -> list[str]:
        """The row, without its name."""
        sums = {name: sum(getattr(each, name) for each in self.verdicts) for name in Verdict.__dataclass_fields__ if name != "wrong"}
        articles = max(0, sums["published"] - min(sums["stored"], sums["counted"]))
        lost = articles + sums["planned"] - sums["delivered"]
        doubled = max(0, sums["stored"] - sums["published"])
        numbers = [sums[name] for name in ("published", "stored", "counted", "incidents", "planned", "delivered", "repeated")]
        return [str(value) for value in (len(self.verdicts), *numbers, lost, doubled)] + [self.by_itself]


@dataclass
class Report:
    """Rows by fault."""

    rows: dict[str, Row] = field(default_factory=dict)

    def add(self, fault: str, verdict: Verdict, by_itself: str = "yes") -> None:
        """Note one run that ended as it must, in the page where $FAULTS_TABLE says so (`make test-faults`)."""
        row = self.rows.setdefault(fault, Row())
        row.verdicts.append(verdict)
        row.by_itself = by_itself
        if os.environ.get("FAULTS_TABLE"):
            put_rows("outcomes", OUTCOMES, {fault: row.cells()})


def put_rows(table: str, columns: Sequence[str], rows: dict[str, list[str]]) -> None:
    """Replace or add rows, by their first cell, in the table of the page that stands between its two markers."""
    with PAGE.open("r+", encoding="utf-8") as page:
        fcntl.flock(page, fcntl.LOCK_EX)
        text = page.read()
        page.seek(0)
        page.write(_with_rows(text, table, columns, rows))
        page.truncate()


def _with_rows(text: str, table: str, columns: Sequence[str], rows: dict[str, list[str]]) -> str:
    found = re.search(rf"<!-- {table} -->\n(.*?)<!-- /{table} -->", text, re.DOTALL)
    assert found is not None, f"{PAGE} has no table {table}"
    known: dict[str, list[str]] = {}
    for line in found[1].splitlines()[2:]:
        name, *cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        known[name] = cells
    known |= rows
    lines = [_line(columns), _line(["---"] * len(columns)), *(_line([name, *cells]) for name, cells in known.items())]
    body = "\n".join(lines)
    return text[: found.start(1)] + body + "\n" + text[found.end(1) :]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
