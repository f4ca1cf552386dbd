"""Chance that repeats: the same key gives the same throws on every machine."""

from __future__ import annotations

import random


def dice(*key: object) -> random.Random:
    """A generator seeded by `key` alone, so that one part of the world can change without shuffling the others."""
    return random.Random("/".join(str(part) for part in key))  # noqa: S311 - an invented world, not a secret
