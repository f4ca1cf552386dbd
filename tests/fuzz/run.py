"""`python -m tests.fuzz.run --minutes 10 [TARGET …]`: each target for so long, with fresh input all the time."""

from __future__ import annotations

import argparse
import faulthandler
import resource
import sys
from collections.abc import Callable
from time import monotonic

from hypothesis import HealthCheck, Phase, given, seed, settings
from tests.fuzz.targets import TARGETS

ROUND = 200
"""Examples under one seed."""
MEMORY = 4 << 30
"""Bytes of address space: an input that needs more is found by its `MemoryError`."""
STUCK_S = 900.0
"""A round that takes longer has met an input that never ends: where it stands is printed, and that is the end."""


def limited(examples: int) -> settings:
    """So many examples, whatever the machine."""
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        print_blob=False,
    )


def once(name: str, number: int, examples: int = ROUND) -> Callable[[], None]:
    """A run of a target under one seed; raises what it finds, with the smallest input."""
    check, strategies = TARGETS[name]

    found: Callable[[], None] = seed(number)(limited(examples)(given(*strategies)(check)))
    return found


def main() -> int:
    """Fuzz; 1 where anything was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    given_ = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    failed = False
    for name in given_.targets or TARGETS:
        ends, number = monotonic() + 60 * given_.minutes, given_.seed
        try:
            while monotonic() < ends:
                faulthandler.dump_traceback_later(STUCK_S, exit=True)
                once(name, number)()
                number += 1
            print(f"{name}: {ROUND * (number - given_.seed)} inputs in {given_.minutes:g} min, nothing found", flush=True)
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            failed = True
            print(f"{name}: seed {number}: {type(error).__name__}: {error}", flush=True)
            for note in getattr(error, "__notes__", ()):
                print(f"  {note}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
