"""Which of several articles is the original, where a page names another address as its own (indices `-urls` and `-articles`)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from wirewatch.errors import Conflict
from wirewatch.model import Article, Status
from wirewatch.store.articles import FORGOTTEN, URLS, Address, address, also, change, is_claim
from wirewatch.store.base import Documents, Stored
from wirewatch.store.documents import stored, to_document


async def settle(
    documents: Documents, claimed: Stored[Article], after: Article, *, url_id: str, now: datetime, told: Callable[[Article], Article]
) -> str | None:
    """Register the address (`after.url`) that an article's page calls its own; None where the article is the original, else its id.

    The original gets the feeds and addresses of `after`, which is to be saved as its duplicate. One whose own page was not read
    becomes what `told` makes of it, for this page is said to be its page: so a duplicate always points at a text.

    Of pages that name each other, in a ring of any length, one stays the original, whoever comes first and however many at once: before
    an article becomes a duplicate of one that is not read, it announces that in its own document (`duplicate_of`, while its status is
    another), and then asks where the other's announcements lead. Of two that do so at the same time at least one sees the other.
    Raises `Conflict` where that one decides: the claim is left to run out, and the article is read again.
    """
    if url_id == claimed.id:
        return None
    entry = {"url": after.url, "article": claimed.id, "index": claimed.index, "at": now.isoformat()}
    try:
        await documents.put(documents.index_for(URLS), url_id, entry, create=True)
    except Conflict:
        owner = await address(documents, url_id)
        if owner is None or owner.article == claimed.id:
            return None
        return owner.article if owner.forgotten else await _original(documents, claimed, owner, lambda last: also(_read(last, told), after))
    return None


async def _original(documents: Documents, claimed: Stored[Article], owner: Address, grown: Callable[[Article], Article]) -> str | None:
    announced = False
    while True:
        chain = await _chain(documents, claimed, owner)
        if not chain:
            return owner.article
        last = chain[-1]
        read = last.value.status is Status.READY
        ring = not read and last.value.duplicate_of == claimed.id
        if not read and not announced:
            if not await _announce(documents, claimed, owner.article):
                return None
            announced = True
            continue
        if ring:
            if any(each.value.status is not Status.DUPLICATE for each in chain) and min(each.id for each in chain) < claimed.id:
                raise Conflict(f"article {claimed.id}: {last.id} decides first which of them is the original")
            return None
        with suppress(Conflict):
            value = grown(last.value)
            if value != last.value:
                await documents.put(last.index, last.id, to_document(value), seq_no=last.seq_no, primary_term=last.primary_term)
            return last.id


def _read(original: Article, told: Callable[[Article], Article]) -> Article:
    return original if original.status is Status.READY or original.failure == FORGOTTEN else told(original)


async def _chain(documents: Documents, claimed: Stored[Article], owner: Address) -> list[Stored[Article]]:
    """The owner, what it is or will be a duplicate of, and so on, up to what was read, to `claimed` or to where it began; empty where one
    of them is there no more.
    """
    chain: list[Stored[Article]] = []
    place: Address | None = owner
    while place is not None and place.article not in {claimed.id, *(each.id for each in chain)}:
        hit = await documents.get(place.index, place.article) if place.index else None
        if hit is None:
            return []
        chain.append(stored(Article, hit))
        value = chain[-1].value
        if value.duplicate_of is None or value.status is Status.READY:
            break
        place = await address(documents, value.duplicate_of)
    return chain if place is not None else []


async def _announce(documents: Documents, claimed: Stored[Article], owner: str) -> bool:
    """Say in an article whose duplicate it will be; False where somebody else has taken it over."""

    def announced(current: Article) -> Article | None:
        return replace(current, duplicate_of=owner) if is_claim(current, claimed.value) else None

    return await change(documents, claimed.index, claimed.id, announced) is not None
