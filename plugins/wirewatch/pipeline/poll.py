"""Polling the feeds that are due, and storing what is new in them.

The order of writes loses nothing: a feed is claimed, its new entries are stored, and only when every one of them is there is the
feed's state, with its validators, moved on. A death anywhere in between lets the same be done again, to the same end.
"""

from __future__ import annotations

import asyncio
import functools
import os
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic

from wirewatch.articles.clocks import counted_at
from wirewatch.articles.discover import new_article
from wirewatch.articles.identity import host_of, slot_of, url_id
from wirewatch.articles.outcome import owners_of
from wirewatch.errors import FetchFailed, FetchRefused, NotAFeed, ParseError, StoreRejected
from wirewatch.feeds import outcome
from wirewatch.feeds.fetch import headers_of, parse_in_worker, read
from wirewatch.feeds.outcome import Shown, told_at
from wirewatch.feeds.recent import compare
from wirewatch.http import Answer, Outcome
from wirewatch.logs import logger
from wirewatch.model import Article, Entry, Feed, FeedState, ParsedFeed
from wirewatch.pipeline.polled import Failure, Polled, records_of
from wirewatch.pipeline.ports import Ports
from wirewatch.store import articles as article_store
from wirewatch.store import feeds as store
from wirewatch.store.base import Stored

_LOG = logger(__name__)
PARSE_WITHIN_S = 20.0
MARGIN = timedelta(minutes=2)
"""Of a lease: for storing what came. What is asked of one host within a claim is added to it."""
_PER_HOST = 4
"""Feeds of one host that are claimed at a time: they are asked for one after another."""
_AHEAD = 2
"""Hosts are claimed for so many times the requests that may be under way, so that no request waits for a claim."""
_LOOK_EVERY_S = 0.1
_LOOK_AT_LEAST_EVERY_S = 0.8
"""While nothing ends: a few slow servers keep a task waiting for long."""
_SAVE_EVERY_S = 1.0
"""Results are stored together, since each request to the store costs as much as some feeds."""
_SAVE_AT = 200
_DEADLY = 5
"""A feed that was claimed so often without a result is what ends its workers."""
_OUTAGE_POLLS = 10
_OUTAGE_SHARE = 0.8
_NETWORK = frozenset((Outcome.DNS, Outcome.CONNECT, Outcome.TLS, Outcome.TIMEOUT, Outcome.UNAVAILABLE))
"""What a fault near us looks like: no way out, or a proxy that answers 5xx for everybody."""


async def sync_feeds(ports: Ports) -> dict[str, int]:
    """Make the stored feeds agree with the bundle's, and with what people decided; how many were `added`, `changed`, `removed`,
    `returned`, `controlled`. Cheap where the bundle's feeds are those of the last time.
    """
    now = ports.clock()
    done = {"added": 0, "changed": 0, "removed": 0, "returned": 0}

    def new_state(feed: Feed, paused: bool) -> FeedState:
        return outcome.new_state(feed, slot=slot_of(feed.url), now=now, paused=paused)

    if not await store.in_step(ports.documents, ports.bundle.feeds):
        done = await store.sync(ports.documents, ports.bundle.feeds, now=now, new_state=new_state)
    return {**done, "controlled": await store.apply_controls(ports.documents, now)}


async def poll(ports: Ports, *, slot: int = 0, slots: int = 1, deadline: datetime | None = None) -> dict[str, int]:
    """Poll all feeds that are due in a part of the work; how many were `polled`, of them `unchanged` and `failed`, how many
    articles are `new`, and how many results were `dropped` because another had taken the feed over.

    Nothing is claimed or asked for after `deadline`. Hosts are polled side by side, the feeds of one host one after another.
    The first slot also lets the stored feeds agree with the bundle where they do not. Raises `StoreUnavailable`.
    """
    if slot == 0:
        await sync_feeds(ports)
    return await _Run(ports, deadline).run(slot, slots)


class _Run:
    """One task's work: hosts under way, results waiting to be stored, and the tally."""

    def __init__(self, ports: Ports, deadline: datetime | None) -> None:
        self.ports = ports
        self.deadline = deadline
        self.settings = ports.bundle.settings.polling
        self.lateness = ports.bundle.settings.articles.lateness
        self.feeds = {feed.id: feed for feed in ports.bundle.feeds}
        self.publishers = {publisher.id: publisher for publisher in ports.bundle.publishers}
        self.owners = owners_of(ports.bundle.publishers)
        self.per_feed = self.settings.timeout + self.settings.host_delay + timedelta(seconds=PARSE_WITHIN_S)
        self.lease = self.per_feed * _PER_HOST * _AHEAD + MARGIN
        self.requests = asyncio.Semaphore(self.settings.concurrency)
        self.waiting: dict[str, deque[str]] = {}
        self.tried: set[str] = set()
        self.results: deque[Polled] = deque()
        self.network_failures = 0
        self.tally: Counter[str] = Counter({"polled": 0, "unchanged": 0, "failed": 0, "new": 0, "dropped": 0})

    async def run(self, slot: int, slots: int) -> dict[str, int]:
        working: dict[str, asyncio.Task[None]] = {}
        saving: asyncio.Task[None] | None = None
        pause_s, saved_s = _LOOK_EVERY_S, monotonic()
        try:
            exhausted = await self._look(slot, slots)
            while True:
                if self._open() and not exhausted and not self.waiting:
                    exhausted = await self._look(slot, slots)
                await self._start(working)
                if not working:
                    break
                await asyncio.wait(working.values(), timeout=pause_s)
                ended = [host for host, task in working.items() if task.done()]
                for host in ended:
                    working.pop(host).result()
                pause_s = _LOOK_EVERY_S if ended else min(2 * pause_s, _LOOK_AT_LEAST_EVERY_S)
                if saving is not None and saving.done():
                    saving.result()
                    saving = None
                if saving is None and self.results and (monotonic() - saved_s >= _SAVE_EVERY_S or len(self.results) >= _SAVE_AT):
                    saved_s = monotonic()
                    saving = asyncio.create_task(self._save())
            if saving is not None:
                await saving
            await self._save()
        finally:
            left = [*working.values(), *([saving] if saving else [])]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        return dict(self.tally)

    def _open(self) -> bool:
        return self.deadline is None or self.ports.clock() < self.deadline

    # ------------------------------------------------------------ claiming

    async def _look(self, slot: int, slots: int) -> bool:
        """Ask what is due; True where nothing is that was not tried in this run."""
        found = await store.due(self.ports.documents, self.ports.clock(), slot=slot, slots=slots)
        waiting: dict[str, deque[str]] = defaultdict(deque)
        for each in found:
            if each.feed not in self.tried:
                self.tried.add(each.feed)
                waiting[_host(each.url)].append(each.feed)
        self.waiting = dict(waiting)
        return not waiting

    async def _start(self, working: dict[str, asyncio.Task[None]]) -> None:
        """Claim feeds of hosts that nobody here works on, and begin; what is not claimed in time is left to others."""
        room = self.settings.concurrency * _AHEAD - len(working)
        if not self._open():
            self.waiting.clear()
        # Many hosts in one request: each claim that is written costs the same.
        if room < self.settings.concurrency // 4 + 1 and working:
            return
        hosts = [host for host in self.waiting if host not in working][:room]
        chosen: list[str] = []
        for host in hosts:
            queue = self.waiting[host]
            chosen += [queue.popleft() for _ in range(min(_PER_HOST, len(queue)))]
            if not queue:
                del self.waiting[host]
        if not chosen:
            return
        now = self.ports.clock()
        due = [each for each in await store.load(self.ports.documents, chosen) if _is_due(each.value, now)]
        groups: dict[str, list[Stored[FeedState]]] = defaultdict(list)
        for each in await store.claim(self.ports.documents, due, now + self.lease):
            groups[_host(each.value.url)].append(each)
        for host, group in groups.items():
            working[host] = asyncio.create_task(self._host(group))

    async def _host(self, claimed: Sequence[Stored[FeedState]]) -> None:
        for position, each in enumerate(claimed):
            feed = self.feeds.get(each.value.feed)
            if feed is None:
                # Another machine's config/ has it: to be polled there.
                await self._give_back([each])
                continue
            async with self.requests:
                ends = each.value.next_attempt_at
                if not self._open() or ends is None or self.ports.clock() + self.per_feed > ends:
                    await self._give_back(claimed[position:])
                    return
                found = await self._poll(each, feed)
                self.results.append(found)

    async def _give_back(self, claimed: Sequence[Stored[FeedState]]) -> None:
        """Let claimed feeds be due again at once."""
        now = self.ports.clock()
        await store.save(
            self.ports.documents, [(each, replace(each.value, attempts=each.value.attempts - 1, next_attempt_at=now)) for each in claimed]
        )

    # ------------------------------------------------------------ one feed

    async def _poll(self, claimed: Stored[FeedState], feed: Feed) -> Polled:
        """Ask for one feed and read what comes; every way in which that can fail is a result too."""
        state = claimed.value
        failed = functools.partial(Polled, claimed=claimed, feed=feed)
        if state.attempts > _DEADLY:
            return failed(at=self.ports.clock(), failure=Failure(outcome=Outcome.MALFORMED, detail="its workers ended before it was read"))
        answer: Answer | None = None
        try:
            answer = await self.ports.http.get(
                state.url,
                headers=headers_of(feed, state, self.ports.clock(), os.environ),
                timeout_s=self.settings.timeout.total_seconds(),
                max_bytes=self.settings.max_bytes,
                host_delay_s=self.settings.host_delay.total_seconds(),
            )
            reading = read(answer, state)
            parsed = None if reading.unchanged else await self._parse(answer)
        except FetchFailed as error:
            wait = None if error.retry_after_s is None else timedelta(seconds=min(max(error.retry_after_s, 0.0), 1e7))
            failure = Failure(outcome=error.outcome, detail=error.detail, status=error.status, retry_after=wait)
            return failed(at=self.ports.clock(), failure=failure)
        except FetchRefused as error:
            failure = Failure(outcome=error.outcome, detail=error.detail, status=error.status)
            return failed(at=self.ports.clock(), failure=failure)
        except NotAFeed as error:
            named = f"; the page names {', '.join(error.advertised[:3])}" if error.advertised else ""
            failure = Failure(outcome=Outcome.NOT_A_FEED, detail=f"{error}{named}", status=None if answer is None else answer.status)
            return failed(at=self.ports.clock(), answer=_slim(answer), failure=failure)
        except ParseError as error:
            failure = Failure(outcome=Outcome.MALFORMED, detail=str(error), status=None if answer is None else answer.status)
            return failed(at=self.ports.clock(), answer=_slim(answer), failure=failure)
        now, slim = self.ports.clock(), _slim(answer)
        if parsed is None:
            return Polled(claimed=claimed, feed=feed, at=now, answer=slim, reading=reading)
        shown, articles, problems = self._news(state, feed, parsed, now)
        return Polled(claimed=claimed, feed=feed, at=now, answer=slim, reading=reading, shown=shown, articles=articles, problems=problems)

    async def _parse(self, answer: Answer) -> ParsedFeed:
        content_type = answer.headers.get("content-type", "")
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self.ports.cpu, parse_in_worker, PARSE_WITHIN_S, answer.body, answer.url, content_type, self.settings.max_entries
            )
        except BrokenExecutor as error:
            raise ParseError("reading it ended its worker") from error

    def _news(self, state: FeedState, feed: Feed, parsed: ParsedFeed, now: datetime) -> tuple[Shown, tuple[Article, ...], tuple[str, ...]]:
        """What a list shows, and the articles of its new entries."""
        listing = compare(parsed.entries, [_link(entry) for entry in parsed.entries], state.entry_hashes)
        articles: list[Article] = []
        problems = list(parsed.problems[:3])
        for position in listing.new:
            entry = parsed.entries[position]
            try:
                articles.append(self._article(state, feed, parsed, entry, now, renewed=position in listing.renewed))
            except ValueError as error:
                problems.append(str(error)[:200])
        return Shown(feed=replace(parsed, problems=()), listing=listing), tuple(articles), tuple(problems)

    def _article(self, state: FeedState, feed: Feed, parsed: ParsedFeed, entry: Entry, now: datetime, *, renewed: bool) -> Article:
        counted = counted_at(
            told_at(entry),
            first_seen=now,
            previous_success=state.last_success_at,
            first_poll=state.last_success_at is None,
            lateness=self.lateness,
            precision=entry.published_precision if entry.published_at else None,
            redated=renewed,
        )
        article = new_article(
            entry,
            feed,
            publishers=self.publishers,
            owners=self.owners,
            language=parsed.language,
            home=parsed.link or state.url,
            now=now,
            counted=counted,
        )
        article = replace(article, watched_since=state.first_success_at or now)
        if entry.url:
            return article
        from wirewatch.pipeline.process import finished  # takes a second to import, and few entries have no address

        return replace(finished(article, self.ports.bundle), read_at=now)

    # ------------------------------------------------------------ storing

    async def _save(self) -> None:
        """Store articles first, then, for feeds whose articles are all there, what polling knows; then the log."""
        while self.results:
            results = [self.results.popleft() for _ in range(min(_SAVE_AT, len(self.results)))]
            outcomes = deque(await self._discover([article for each in results for article in each.articles]))
            created = [sum(outcomes.popleft() == "created" for _ in each.articles) for each in results]
            self._note(results)
            after = [(each.claimed, self._after(each)) for each in results]
            saved = await store.save(self.ports.documents, after)
            self.tally["new"] += sum(created)
            self.tally["dropped"] += saved.count(False)
            for each, new, (_, state), kept in zip(results, created, after, saved, strict=True):
                if kept:
                    _tell(each, new, state)
            await store.record(self.ports.documents, records_of(results, created))

    async def _discover(self, articles: Sequence[Article]) -> list[str]:
        """Store articles; one that Elasticsearch refuses for what is in it is left out (`refused`), its neighbours are stored."""
        try:
            return await article_store.discover(self.ports.documents, articles)
        except StoreRejected as error:
            if "parsing_exception" not in str(error) and "illegal_argument" not in str(error):
                raise
            if len(articles) == 1:
                return ["refused"]
        half = len(articles) // 2
        return await self._discover(articles[:half]) + await self._discover(articles[half:])

    def _note(self, results: Sequence[Polled]) -> None:
        for each in results:
            self.tally["polled"] += 1
            if each.failure is not None:
                self.tally["failed"] += 1
                self.network_failures += each.failure.outcome in _NETWORK
            elif each.reading is not None and each.reading.unchanged:
                self.tally["unchanged"] += 1

    def _after(self, result: Polled) -> FeedState:
        state, failure = result.claimed.value, result.failure
        if failure is None:
            assert result.reading is not None  # noqa: S101 - a poll failed or was read
            after = outcome.succeeded(state, result.feed, self.settings, reading=result.reading, shown=result.shown, now=result.at)
        else:
            polled = self.tally["polled"]
            after = outcome.failed(
                state,
                result.feed,
                self.settings,
                outcome=failure.outcome,
                detail=failure.detail,
                status=failure.status,
                retry_after=failure.retry_after,
                everywhere=polled >= _OUTAGE_POLLS and self.network_failures >= _OUTAGE_SHARE * polled,
                now=result.at,
            )
        return after if after.url == state.url else replace(after, slot=slot_of(after.url))


def _tell(result: Polled, new: int, after: FeedState) -> None:
    """What came of a poll, unless it is that nothing did."""
    before, failure = result.claimed.value, result.failure
    if failure is not None:
        again = after.next_attempt_at.isoformat() if after.next_attempt_at else None
        fields = {"outcome": str(failure.outcome), "status": failure.status, "detail": failure.detail}
        _LOG.info("feed failed", feed=after.feed, url=after.url, **fields, failures=after.failures, next_attempt=again)
    elif new:
        _LOG.info("feed brought news", feed=after.feed, new=new)
    for problem in result.problems:
        _LOG.info("entry is odd", feed=after.feed, problem=problem)
    if after.health is not before.health:
        _LOG.info("feed changed health", feed=after.feed, before=str(before.health), after=str(after.health), problem=after.problem)


def _is_due(state: FeedState, now: datetime) -> bool:
    return state.active and not state.paused and state.next_attempt_at is not None and state.next_attempt_at <= now


def _slim(answer: Answer | None) -> Answer | None:
    """An answer without its body: hundreds wait to be stored."""
    return None if answer is None else replace(answer, body=b"", headers={"bytes": str(len(answer.body))})


def _host(url: str) -> str:
    try:
        return host_of(url)
    except ValueError:
        return url


def _link(entry: Entry) -> str | None:
    try:
        return None if entry.url is None else url_id(entry.url)
    except ValueError:
        return None
