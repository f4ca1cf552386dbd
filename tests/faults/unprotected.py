"""Takes protections away, one after another, in a copy of the code, and sees the fault suite fail: `make test-unprotected`.

A test that cannot fail proves nothing. Each entry names a protection, the edit that removes it, and the tests that must fail then.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.report import PROTECTIONS, put_rows

ROOT = Path(__file__).parents[2]
PACKAGE = Path("plugins") / "wirewatch"
_REFUSED = "            except TransportError as error:\n                raise StoreRejected("
SWEEP = "test_killed.py::test_killed_at_every_write[before]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """One protection taken away."""

    protection: str
    file: str
    edits: Sequence[tuple[str, str]]
    """What is replaced by what; each must occur."""
    tests: str
    first: int = 1
    """Where the sweep over all writes begins: not long before it can be noticed."""


REMOVALS = (
    Removal(
        protection="a feed moves on only after its entries are stored",
        file="pipeline/poll.py",
        edits=[
            (
                "            outcomes = deque(await self._discover(",
                "            await store.save(self.ports.documents, [(each.claimed, self._after(each)) for each in results])\n"
                "            outcomes = deque(await self._discover(",
            )
        ],
        tests=SWEEP,
        first=4,
    ),
    Removal(
        protection="an address without its article is healed by the next poll",
        file="store/articles.py",
        edits=[
            (
                "elif owner.article == article.id and article.first_seen_at",
                "elif owner.at == article.first_seen_at and article.first_seen_at",
            )
        ],
        tests=SWEEP,
        first=4,
    ),
    Removal(
        protection="an address that is there already is no error",
        file="store/elastic.py",
        edits=[('return "exists" if write.op == "create" else "conflict"', 'return None if write.op == "create" else "conflict"')],
        tests=SWEEP,
        first=4,
    ),
    Removal(
        protection="a claimed article comes due again when its lease has run out",
        file="store/articles.py",
        edits=[("attempts=each.value.attempts + 1, next_attempt_at=until)", "attempts=each.value.attempts + 1, next_attempt_at=None)")],
        tests=SWEEP,
        first=8,
    ),
    Removal(
        protection="counting looks again at what a wrong clock wrote",
        file="pipeline/counting.py",
        edits=[("SKEW = timedelta(hours=3)", "SKEW = timedelta(minutes=15)")],
        tests="test_around.py::test_a_retagged_article_of_a_machine_that_is_behind_is_counted_again",
    ),
    Removal(
        protection="a repeated message has the Message-ID of the first",
        file="alerts/message.py",
        edits=[("notification.message_id", "__import__('email.utils').utils.make_msgid()")],
        tests="test_around.py::test_smtp_misbehaves[lost]",
    ),
    Removal(
        protection="what is answered 429 in a bulk request is sent again",
        file="store/elastic.py",
        edits=[('if result["status"] in _BUSY or _blocked(result.get("error")):', "if False:")],
        tests="test_elasticsearch.py::test_trouble_in_between[half of every bulk request is refused]",
    ),
    Removal(
        protection="a full disk is a reason to wait",
        file="store/elastic.py",
        edits=[
            ('return isinstance(error, Mapping) and error.get("type") == "cluster_block_exception"', "return False"),
            ("_BUSY = frozenset({429, 502", "_BUSY = frozenset({502"),
        ],
        tests="test_elasticsearch.py::test_full_disk[detect]",
    ),
    Removal(
        protection="503 and 429 are reasons to wait",
        file="store/elastic.py",
        edits=[("_BUSY = frozenset({429, 502, 503, 504})", "_BUSY = frozenset({418})")],
        tests="test_elasticsearch.py::test_trouble_in_between[Elasticsearch answers 503 to a third of all requests]",
    ),
    Removal(
        protection="a failed poll moves nothing on",
        file="feeds/outcome.py",
        edits=[("failures=state.failures + 1, outcome=outcome", "failures=state.failures + 1, last_success_at=now, outcome=outcome")],
        tests="test_around.py::test_no_names",
    ),
    Removal(
        protection="what an outage hid counts in the hours in which it came out",
        file="articles/clocks.py",
        edits=[("        return entry_published\n", "        return first_seen\n")],
        tests="test_around.py::test_every_feed_is_down_for_a_day",
    ),
    Removal(
        protection="a mail server out of reach is a reason to wait",
        file="alerts/channels.py",
        edits=[('raise DeliveryDeferred(f"{self._where}: {_say(error)}")', 'raise DeliveryRefused(f"{self._where}: {_say(error)}")')],
        tests="test_around.py::test_smtp_is_down_for_an_hour",
    ),
    Removal(
        protection="the operators are told once of each set of problems in config/",
        file="pipeline/publish.py",
        edits=[("hashlib.sha256(str(error).encode())", "hashlib.sha256(repr(now).encode())")],
        tests="test_around.py::test_broken_configuration",
    ),
    Removal(
        protection="names that somebody took away are given back",
        file="store/elastic.py",
        edits=[("if places[place] == 1:", "if places[place] == 9:")],
        tests="test_around.py::test_an_alias_is_missing[feeds]",
    ),
    Removal(
        protection="feeds that somebody deleted are missed",
        file="store/feeds.py",
        edits=[(" and stored >= len(feeds)", "")],
        tests="test_around.py::test_an_index_is_deleted[feeds]",
    ),
    Removal(
        protection="who slept through a claim sends nothing",
        file="pipeline/notify.py",
        edits=[("self.ports.clock() >= value.next_attempt_at:", "not value:")],
        tests="test_killed.py::test_frozen_at_every_write[after]",
        first=26,
    ),
    Removal(
        protection="a lease runs out",
        file="store/config.py",
        edits=[('datetime.fromisoformat(source["until"]) > now:', "source:")],
        tests="test_killed.py::test_killed_at_every_write[after]",
        first=10,
    ),
    Removal(
        protection="a gateway's own page is a reason to wait",
        file="store/elastic.py",
        edits=[
            ("except UnsupportedProductError as error:", "except ZeroDivisionError as error:"),
            ("if isinstance(answer, ApiResponse) and", "if False and isinstance(answer, ApiResponse) and"),
        ],
        tests="test_elasticsearch.py::test_every_kind_of_request[page]",
    ),
    Removal(
        protection="what Elasticsearch has acknowledged is on its disk",
        file="store/indices.py",
        edits=[('"refresh_interval": "5s"', '"refresh_interval": "5s", "translog": {"durability": "async", "sync_interval": "10m"}')],
        tests="test_elasticsearch.py::test_the_node_is_killed_in_the_middle_of_a_bulk_request",
    ),
    Removal(
        protection="a document that Elasticsearch refuses for good costs its neighbours nothing",
        file="pipeline/process.py",
        edits=[("            if not error.refused:\n", "            if error.refused:\n")],
        tests="test_elasticsearch.py::test_a_document_is_refused_for_good",
    ),
    Removal(
        protection="a broken connection is a reason to wait",
        file="store/elastic.py",
        edits=[
            ("except (NoConnection, ConnectionTimeout) as error:", "except ZeroDivisionError as error:"),
            ("            except TransportError as error:\n                raise StoreUnavailable(", _REFUSED),
        ],
        tests="test_elasticsearch.py::test_trouble_in_between[the connection breaks before a third of the requests]",
    ),
    Removal(
        protection="half of an answer is no answer",
        file="store/elastic.py",
        edits=[("            except TransportError as error:\n                raise StoreUnavailable(", _REFUSED)],
        tests="test_elasticsearch.py::test_every_kind_of_request[cut]",
    ),
    Removal(
        protection="of two runs that would send a message one claims it",
        file="store/notifications.py",
        edits=[("to_document(value), seq_no=before.seq_no, primary_term=before.primary_term)", "to_document(value))")],
        tests="test_killed.py::test_overtaken_at_every_write",
    ),
    Removal(
        protection="a page that could not be read is tried again",
        file="articles/outcome.py",
        edits=[("    retry = None if final", "    retry = None if True or final")],
        tests="test_around.py::test_some_outlets_drop_requests",
    ),
    Removal(
        protection="a digest has one id, whenever it is planned",
        file="alerts/digest.py",
        edits=[('key = last.isoformat() if kind == "daily"', 'key = f"{last}-{now:%H}" if kind == "daily"')],
        tests="test_around.py::test_daylight_saving[summer time ends in Europe]",
    ),
)


def main(arguments: Sequence[str]) -> int:
    """Try all removals, or those whose numbers are given; 1 where the suite did not notice one."""
    chosen = [REMOVALS[int(number) - 1] for number in arguments] or list(REMOVALS)
    unnoticed = 0
    with tempfile.TemporaryDirectory(prefix="unprotected-") as folder:
        for removal in chosen:
            noticed, seen = _try(removal, Path(folder) / "copy")
            unnoticed += not noticed
            print(f"{'fails' if noticed else 'PASSES'}: without “{removal.protection}”: {seen}", flush=True)
            if noticed and os.environ.get("FAULTS_TABLE"):
                put_rows("protections", PROTECTIONS, {removal.protection: [f"`{removal.file}`", f"`{removal.tests}`", seen]})
    return int(unnoticed > 0)


def _try(removal: Removal, copy: Path) -> tuple[bool, str]:
    shutil.rmtree(copy, ignore_errors=True)
    for name in ("plugins", "tests", "config"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "docs"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, copy / name)
    place = copy / PACKAGE / removal.file
    text = place.read_text(encoding="utf-8")
    for old, new in removal.edits:
        if old not in text:
            return False, f"{removal.file} has no {old!r} any more"
        text = text.replace(old, new)
    place.write_text(text, encoding="utf-8")
    environment = {"FAULTS_FIRST": str(removal.first)} | {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "FAULTS_TABLE")
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", f"tests/faults/{removal.tests}"],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    # A node that is too busy to begin is no proof: a comparison must have failed.
    noticed = done.returncode == 1 and "AssertionError" in done.stdout
    return noticed, _first(done.stdout) if noticed else done.stdout[-400:]


def _first(output: str) -> str:
    """The first difference that a failed test tells, in one line."""
    wrong = re.search(r'"wrong": \[\n(?:E\s+)?\s*"(.+?)",?\n', output)
    killed = re.search(r"killed \w+ write \d+ \(.+?\)", output)
    said = wrong[1] if wrong else next((line[1:].strip() for line in output.splitlines() if line.startswith("E ")), "")
    text = (f"{killed[0]}: " if killed else "") + said
    return " ".join(text.split())[:220]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
