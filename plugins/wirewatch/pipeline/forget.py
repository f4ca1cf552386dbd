"""Taking an article away for good."""

from __future__ import annotations

from wirewatch.articles.identity import normalise, url_id
from wirewatch.model import Article, Sighting
from wirewatch.pipeline import counting
from wirewatch.pipeline.ports import Ports
from wirewatch.store import articles as store


async def forget(ports: Ports, url: str) -> dict[str, int]:
    """Take away the article at an address: how many `articles` went (its duplicates with it) and how many counts were `corrected`.

    None of its addresses is ever taken up again. Wherever it ends before its time, nothing of the text is left, the next detection
    counts right, and the same call finishes. Raises ValueError for what is no address.
    """
    normal = normalise(url)
    emptied = await store.forget(ports.documents, url=normal, url_id=url_id(normal), now=ports.clock())
    gone = [_sighting(each.value) for each in emptied]
    if ports.pages is not None:
        for each in emptied:
            await ports.pages.remove(each.id, each.value.first_seen_at)
    corrected = await counting.settle(ports, [each for each in gone if each is not None])
    return {"articles": await store.remove(ports.documents, emptied), "corrected": corrected}


def _sighting(article: Article) -> Sighting | None:
    """Where a forgotten article counted; None where it never did."""
    if article.counted_at is None or article.story_id is None:
        return None
    return Sighting(article=article.id, story=article.story_id, publisher=article.publisher, at=article.counted_at, topics=(), counts=False)
