"""What commands share: how they print, read and end."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import typer

T = TypeVar("T")

JSON = typer.Option(False, "--json", help="Print JSON Lines for programs.")
CONFIG = typer.Option(None, "--config", help="Folder to use instead of $WIREWATCH_CONFIG or ./config.", exists=True, file_okay=False)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work to its end."""
    return asyncio.run(work)


def fail(message: str, code: int = 1) -> NoReturn:
    """End with one line on stderr."""
    typer.echo(message, err=True)
    raise typer.Exit(code)


@contextmanager
def bars(unit: str, *names: str) -> Iterator[Callable[[str, int, int], None]]:
    """Progress bars on stderr, where that is a terminal: told a name, what is done and what there is in all. Those of `names` are shown
    from the beginning, others once they are told of.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(unit), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks = {name: progress.add_task(name, total=None) for name in names}

        def advance(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total)
            progress.update(tasks[name], completed=done, total=total)

        yield advance


def emit(rows: Iterable[Any]) -> None:
    """Print each row as one line of JSON: dataclasses as objects, datetimes as ISO 8601."""
    for row in rows:
        sys.stdout.write(json.dumps(row, default=_plain, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def json_lines(file: Path | None) -> Iterator[tuple[str, dict[str, Any] | None, str]]:
    """The objects of a JSON Lines file (None or `-`: standard input) as (place, object, problem): a bad line has no object."""
    name = "-" if file is None else str(file)
    with sys.stdin if name == "-" else Path(name).open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                found = json.loads(line)
                problem = "" if isinstance(found, dict) else "not a JSON object"
            except ValueError as error:
                found, problem = None, f"not JSON: {error}"
            yield f"{'<stdin>' if name == '-' else name}:{number}", None if problem else found, problem
