"""Run `airflow` with what its tasks need imported already: `python -m wirewatch.demo.preloaded scheduler`.

LocalExecutor's workers, and the tasks that they run, are forks of the scheduler. Importing all this takes two seconds, which every
task would spend anew; on a small machine that is most of what a round of the DAGs costs.
"""

from __future__ import annotations

import runpy

import wirewatch.alerts.render
import wirewatch.pipeline.detect
import wirewatch.pipeline.handout
import wirewatch.pipeline.notify
import wirewatch.pipeline.poll
import wirewatch.pipeline.process
import wirewatch.pipeline.publish
import wirewatch.wiring.build  # noqa: F401 - imported for those who fork from here

if __name__ == "__main__":
    runpy.run_module("airflow", run_name="__main__", alter_sys=True)
