"""When the newsroom publishes what: days and nights, weekdays, and watched themes at a steady, low rate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from wirewatch.demo.content import LANGUAGES, pools
from wirewatch.demo.dice import dice
from wirewatch.demo.outlets import PUBLISHING, Outlet, of_language

_HOURS = (1, 1, 1, 1, 2, 4, 7, 10, 11, 11, 10, 10, 9, 10, 10, 10, 9, 9, 8, 7, 6, 4, 3, 2)
"""How a working day's pieces fall on its local hours."""
_WEEKEND = 0.55

RATES = {
    "russia-north-korea": 0.4,
    "north-korea": 0.7,
    "russia": 0.8,
    "energy": 0.8,
    "floods": 0.5,
    "elections": 0.7,
}
"""Reports of a watched theme in 24 hours, over all outlets together: few and evenly spread, as on quiet days."""
_RATE = 0.6
"""Of a theme that is not named above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One place to be filled with a report of an outlet's own."""

    at: datetime
    outlet: str
    beat: str


def slots(seed: int, start: datetime, end: datetime) -> list[Slot]:
    """Everything that is published from `start` to `end`, copies aside, in order of time."""
    found = [slot for outlet in PUBLISHING for slot in _own(seed, outlet, start, end)]
    found += _themes(seed, start, end)
    return sorted((slot for slot in found if start <= slot.at < end), key=lambda slot: (slot.at, slot.outlet))


def _own(seed: int, outlet: Outlet, start: datetime, end: datetime) -> list[Slot]:
    """An outlet's everyday pieces; its beats take turns, so that none comes in clusters."""
    chance = dice(seed, "own", outlet.id)
    beats = pools(outlet.language).everyday()
    turn: list[str] = []
    found = []
    day = start.astimezone(outlet.zone).date()
    while datetime.combine(day, time(), outlet.zone) < end:
        count = outlet.daily * (_WEEKEND if day.weekday() >= 5 else 1.0)
        for _ in range(max(0, round(count + chance.uniform(-0.7, 0.7)))):
            if not turn:
                turn = chance.sample(beats, len(beats))
            hour = chance.choices(range(24), _HOURS)[0]
            at = datetime.combine(day, time(hour, chance.randrange(60), chance.randrange(60)), outlet.zone)
            found.append(Slot(at=at.astimezone(UTC), outlet=outlet.id, beat=turn.pop()))
        day += timedelta(days=1)
    return found


def _themes(seed: int, start: datetime, end: datetime) -> list[Slot]:
    """Watched themes: each evenly spaced with a little play, taking turns among languages and outlets."""
    names = sorted({beat.id for language in LANGUAGES for beat in pools(language).beats.values() if beat.theme})
    found = []
    for name in names:
        chance = dice(seed, "theme", name)
        gap = timedelta(days=1) / RATES.get(name, _RATE)
        able = [language for language in LANGUAGES if name in pools(language).beats]
        at = start + gap * chance.random()
        turn: list[str] = []
        while at < end:
            if not turn:
                turn = chance.sample(able, len(able))
            outlet = chance.choice(of_language(turn.pop()))
            found.append(Slot(at=(at + gap * chance.uniform(-0.2, 0.2)).replace(microsecond=0), outlet=outlet.id, beat=name))
            at += gap
    return found
