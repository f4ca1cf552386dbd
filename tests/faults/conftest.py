"""Everything of the fault suite needs its stage."""

from tests.faults.fixtures import report, stage, world, worlds

__all__ = ["report", "stage", "world", "worlds"]
