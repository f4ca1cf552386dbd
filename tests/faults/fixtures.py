"""Fixtures of the fault suite and of its short form."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.faults.between import Between
from tests.faults.newsroom import Mailbox, Newsroom, background
from tests.faults.report import Report
from tests.faults.step import Processes
from tests.faults.world import NOW, Stage, World


@pytest.fixture(scope="session")
def stage(elasticsearch_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Servers, processes and a past for all worlds of a session."""
    with background() as servers:
        found = Stage(
            url=elasticsearch_url,
            room=Newsroom(now=NOW),
            mail=Mailbox(),
            between=Between(target=elasticsearch_url),
            servers=servers,
            processes=Processes(),
            folder=tmp_path_factory.mktemp("faults"),
        )
        for server in (found.room, found.mail, found.between):
            servers.do(server.serve())
        try:
            found.learn()
            yield found
        finally:
            found.processes.stop()
            for server in (found.room, found.mail, found.between):
                servers.do(server.close())


@pytest.fixture
def worlds(stage: Stage) -> Iterator[Callable[[], World]]:
    """Makes one world after another: watches that have worked for two weeks."""
    made: list[World] = []

    def make() -> World:
        while made:
            made.pop().drop()
        made.append(World(stage))
        return made[-1]

    yield make
    for each in made:
        each.drop()


@pytest.fixture
def world(worlds: Callable[[], World]) -> World:
    """A watch that has worked for two weeks."""
    return worlds()


@pytest.fixture(scope="session")
def report() -> Report:
    """Takes down what each fault came to."""
    return Report()
