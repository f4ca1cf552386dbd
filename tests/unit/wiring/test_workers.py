"""Worker processes: they work, they keep out of the caller's main module, and they end with their block."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from operator import neg
from pathlib import Path

import pytest

from wirewatch.wiring.workers import end_server, workers

SCRIPT = """
import sys
from operator import neg
print("main", __name__, flush=True)
from wirewatch.wiring.workers import workers
if __name__ == "__main__":
    with workers(1, preloaded=[]) as pool:
        print(pool.submit(neg, 1).result(), __file__ == sys.argv[0])
"""


def test_jobs_run_in_other_processes_that_end_with_the_block() -> None:
    with workers(2, preloaded=["wirewatch.errors"]) as pool:
        assert list(pool.map(neg, range(20))) == [-number for number in range(20)]
        others = {pool.submit(os.getpid).result() for _ in range(10)}
    assert os.getpid() not in others
    for pid in others:
        assert not Path(f"/proc/{pid}/cmdline").exists()


def test_a_job_that_ends_its_process_takes_no_other_with_it() -> None:
    with workers(2, preloaded=[]) as pool:
        before = [pool.submit(neg, number) for number in range(5)]
        deadly = pool.submit(os._exit, 1)
        after = [pool.submit(neg, number) for number in range(5)]
        assert [each.result() for each in (*before, *after)] == [0, -1, -2, -3, -4] * 2
        with pytest.raises(BrokenProcessPool):
            deadly.result()
        assert pool.submit(neg, 7).result() == -7


def test_what_a_job_raises_is_the_jobs_own_and_a_closed_pool_takes_no_more() -> None:
    with workers(1, preloaded=[]) as pool, pytest.raises(ZeroDivisionError):
        pool.submit(divmod, 1, 0).result()
    with pytest.raises(RuntimeError):
        pool.submit(neg, 1)


def test_the_main_module_is_not_imported_again(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": "plugins"}
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.splitlines() == ["main __main__", "-1 True"]


def test_the_server_of_workers_can_be_ended_and_comes_back() -> None:
    for _ in range(2):
        with workers(1, preloaded=[]) as pool:
            parent = pool.submit(os.getppid).result()
        assert parent != os.getpid()
        end_server()
        assert not Path(f"/proc/{parent}").exists()


DAEMON = """
from multiprocessing import Process, current_process
from operator import neg
from wirewatch.wiring.workers import workers

class Foreign(bytes):
    def __reduce__(self):
        raise TypeError("not to be handed on")

def task():
    current_process()._config["authkey"] = Foreign(b"key")
    with workers(1, preloaded=[]) as pool:
        print(pool.submit(neg, 1).result(), flush=True)

if __name__ == "__main__":
    process = Process(target=task, daemon=True)
    process.start()
    process.join()
"""


def test_a_process_that_may_have_no_children_has_workers_all_the_same(tmp_path: Path) -> None:
    """Celery runs tasks in such processes, of a library that hands its key on to its own alone."""
    script = tmp_path / "script.py"
    script.write_text(DAEMON)
    environment = {**os.environ, "PYTHONPATH": "plugins"}
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True, env=environment, timeout=60)
    assert done.stdout.splitlines() == ["-1"]


KILLED = """
import os, signal
from wirewatch.wiring.workers import workers

if __name__ == "__main__":
    pool = workers(2, preloaded=[])
    print(*{pool.submit(os.getpid).result() for _ in range(10)}, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_workers_end_with_an_owner_that_is_killed(tmp_path: Path) -> None:
    script, said = tmp_path / "script.py", tmp_path / "said"
    script.write_text(KILLED)
    environment = {**os.environ, "PYTHONPATH": "plugins"}
    with said.open("w") as out:
        assert subprocess.run([sys.executable, str(script)], stdout=out, check=False, env=environment, timeout=60).returncode == -9
    left = [Path(f"/proc/{pid}/cmdline") for pid in said.read_text().split()]
    assert left
    deadline = time.monotonic() + 20
    while any(path.exists() for path in left) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(path.exists() for path in left)
