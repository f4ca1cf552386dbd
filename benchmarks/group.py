"""Grouping on invented wire copies, reports of one event and daily pieces (tests/wires.py): `python benchmarks/group.py`."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.wires import daily_pieces, grouped, one_event, pairwise_f1, wire_copies

START = datetime(2026, 11, 24, tzinfo=UTC)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=5, help="how many, one after another")
    options = parser.parse_args()
    print("| seed | articles | copies: precision | recall | F1 | heavy rewrites | one event merged | daily pieces merged | articles/s |")
    print("|---|---|---|---|---|---|---|---|---|")
    for seed in range(options.first, options.first + options.seeds):
        pieces = [*wire_copies(seed, START), *one_event(seed, START), *daily_pieces(seed, START)]
        began = time.process_time()
        found = grouped(pieces)
        rate = len(pieces) / (time.process_time() - began)
        light = {each.id: each.truth for each in pieces if each.kind != "rewrite"}
        precision, recall, f1 = pairwise_f1({id: truth for id, truth in light.items() if not id.startswith(("event", "form"))}, found)
        sizes = Counter(found.values())
        heavy = [each for each in pieces if each.kind == "rewrite"]
        right = sum(found[each.id] == found[f"{each.truth}-0"] for each in heavy) / len(heavy)
        merged = {
            kind: sum(sizes[found[each.id]] > 1 for each in pieces if each.kind == kind) / sum(each.kind == kind for each in pieces)
            for kind in ("event", "form")
        }
        shares = (precision, recall, f1, right, merged["event"], merged["form"])
        print(f"| {seed} | {len(pieces)} | " + " | ".join(f"{each:.3f}" for each in shares) + f" | {rate:.0f} |")


if __name__ == "__main__":
    main()
