"""The lists of what Wirewatch is made of: complete, under licences that it may be used with, and no secret goes unseen."""

from __future__ import annotations

import re

import pytest
from scripts.supply_chain import JARS, LICENCES, LOCK, jars, locked, suspicious

# Built, so that this file holds nothing that looks like one.
KEYS = {
    "private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "key of AWS": "aws = '" + "AKIA" + "Q" * 16 + "'",
    "token of GitHub": "token: " + "ghp_" + "a1B2" * 9,
    "password in an address": "url = https://me:" + "s3cretS3cretS3cret" + "@host/",
    "assigned secret": "API_KEY = '" + "q1w2e3r4" * 4 + "'",
}


def test_every_locked_package_has_hashes_and_a_licence() -> None:
    listed = set(re.findall(r"[\w.-]+", LICENCES.read_text(encoding="utf-8").partition("|---|")[2]))
    assert locked().keys() <= listed, "run `make supply-chain`"
    blocks = re.split(r"^(?=[A-Za-z0-9._-]+==)", LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert [block.split("==")[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_no_licence_asks_for_the_source_of_a_service() -> None:
    rows = LICENCES.read_text(encoding="utf-8").partition("|---|")[2].splitlines()
    assert [row for row in rows if re.search(r"\bAGPL|Affero|SSPL|Commons Clause|BUSL", row)] == []


def test_every_jar_is_a_component() -> None:
    assert len(list(jars())) == len([line for line in JARS.read_text(encoding="utf-8").splitlines() if line.endswith(".jar")])


@pytest.mark.parametrize("kind", list(KEYS))
def test_a_secret_in_any_commit_is_seen(kind: str) -> None:
    log = f"commit abc123\n+++ b/config/some.yaml\n@@ -0,0 +1 @@\n+{KEYS[kind]}\n-{KEYS[kind]}\n"
    assert [(commit, file, found) for commit, file, found, _ in suspicious(log)] == [("abc123", "config/some.yaml", kind)]


def test_hashes_and_variables_are_no_secrets() -> None:
    lines = ("    --hash=sha256:" + "ab" * 32, 'password = os.environ["WIREWATCH_PASSWORD"]', "token: ${TOKEN:?run make env}")
    assert list(suspicious("".join(f"+{line}\n" for line in lines))) == []
