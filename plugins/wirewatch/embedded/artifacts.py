"""The jars of the embedded Elasticsearch: fetched once by `jgo`, checked against the lock, laid out as a home folder.

`python -m wirewatch.embedded.artifacts` fetches them into the cache.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from wirewatch.errors import SetupError

VERSION = "9.5.3"
ENDPOINT = f"org.elasticsearch:elasticsearch:{VERSION}+org.elasticsearch.plugin:transport-netty4:{VERSION}"
DOWNLOAD_MB = 46
"""Of all jars together, when nothing is cached."""

_PLUGIN = "transport-netty4"
_DESCRIPTOR = "META-INF/es-plugins/transport-netty4/plugin-descriptor.properties"
_LOGGING = """\
status = error
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = ${sys:es.logs.base_path}/elasticsearch.log
appender.file.filePattern = ${sys:es.logs.base_path}/elasticsearch-%i.log
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{ISO8601} %-5p %c{1.} %m%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 10MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 3
rootLogger.level = info
rootLogger.appenderRef.file.ref = file
"""


def lock() -> dict[str, str]:
    """Jar name to its SHA-256, as kept in the project."""
    text = files(__package__).joinpath("elasticsearch.lock").read_text(encoding="utf-8")
    return {name: digest for digest, name in (line.split() for line in text.splitlines() if line and not line.startswith("#"))}


def is_laid_out(home: Path) -> bool:
    """Whether the home folder is complete, so that nothing needs to be fetched."""
    return (home / "complete").is_file() and (home / "complete").read_text() == _stamp()


def lay_out(home: Path) -> None:
    """Make `home` the home folder of this version of Elasticsearch; does nothing where it is already.

    Raises `SetupError` where a jar cannot be fetched or is not the one that the lock names.
    """
    if is_laid_out(home):
        return
    jars = fetch()
    home.mkdir(parents=True, exist_ok=True)
    for folder in ("lib", "modules", "config"):
        shutil.rmtree(home / folder, ignore_errors=True)
    plugin = home / "modules" / _PLUGIN
    plugin.mkdir(parents=True)
    (home / "lib").mkdir()
    (home / "config").mkdir()
    (home / "config" / "log4j2.properties").write_text(_LOGGING)
    for jar in jars:
        of_plugin = jar.name.startswith((_PLUGIN, "netty-"))
        _link(jar, (plugin if of_plugin else home / "lib") / jar.name)
    descriptor = _descriptor(plugin / f"{_PLUGIN}-{VERSION}.jar")
    # Without its module name the plugin is taken from the class path: the trimmed JRE cannot build a module layer.
    lines = [line for line in descriptor.splitlines() if not line.startswith("modulename")]
    (plugin / "plugin-descriptor.properties").write_text("\n".join(lines) + "\n")
    (home / "complete").write_text(_stamp())


def fetch() -> list[Path]:
    """Every jar of the lock, checked; raises `SetupError` where one cannot be had."""
    import jgo

    try:
        with _alone():
            jars = sorted(jgo.build(ENDPOINT).path.rglob("*.jar"))
    except Exception as error:
        raise SetupError(
            f"Elasticsearch {VERSION} could not be fetched from the Maven repository ({type(error).__name__}: {error}). "
            "Check the network or Maven settings, or set ELASTICSEARCH_URL to an Elasticsearch 9 that is running already."
        ) from error
    wanted = lock()
    found = {jar.name: jar for jar in jars}
    if missing := sorted(wanted.keys() - found.keys()):
        raise SetupError(f"the Maven repository gave no {', '.join(missing)}; set ELASTICSEARCH_URL to use another Elasticsearch")
    for name, digest in wanted.items():
        if hashlib.sha256(found[name].read_bytes()).hexdigest() != digest:
            raise SetupError(f"{found[name]} is not the file that the lock names: delete it and try again, or set ELASTICSEARCH_URL")
    return [found[name] for name in sorted(wanted)]


@contextmanager
def _alone() -> Iterator[None]:
    """One process of this user at a time: jgo's folder does not bear two that fill it."""
    with (Path(tempfile.gettempdir()) / f"wirewatch-{os.getuid()}-jars.lock").open("w") as lock_file:
        fcntl.flock(lock_file, fcntl.LOCK_EX)
        yield


def _descriptor(jar: Path) -> str:
    with zipfile.ZipFile(jar) as archive:
        names = [
            name for name in archive.namelist() if name.startswith("META-INF/es-plugins/") and name.endswith("plugin-descriptor.properties")
        ]
        return archive.read(names[0] if names else _DESCRIPTOR).decode()


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copyfile(source, target)


def _stamp() -> str:
    return hashlib.sha256(repr(sorted(lock().items())).encode()).hexdigest()


if __name__ == "__main__":
    try:
        fetch()
    except SetupError as error:
        sys.exit(str(error))
