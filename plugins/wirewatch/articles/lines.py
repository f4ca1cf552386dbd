"""Lines that stand in an article's text but are not of it; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from wirewatch.articles.blocks import count_words, is_date_line

_SPACE = re.compile(r"\s+")
_MONTH = (
    r"(?:jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez|ene|abr|ago|dic|janv|févr|avr|juin|juil|août|déc|gen"
    r"|mag|giu|lug|set|ott|fev|out)"
    r"\w*\.?"
)
_CLOCK_END = r"\d{1,2}[:.]\d{2}(?:\s*(?:[ap]\.?m\.?|uhr|utc|gmt|[a-z]{2,4}))?"
_DATED_END = rf"(?:\d{{4}}|{_CLOCK_END}|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?|\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH}|ago)"
_CREDIT = re.compile(
    r"(?:(?:this \w+ (?:was|first) |it |story |article )?(?:was )?(?:first |originally |also )?(?:published|posted|updated"
    r"|modified|appeared|printed)"
    r"|last (?:updated|modified|edited)|(?:zuletzt )?aktualisiert|(?:zuerst )?erschienen|veröffentlicht|stand"
    r"|(?:première )?publi(?:é|ée|cado|cada|ado|cato)|mis à jour|actualizado|aggiornato|atualizado|опубликовано|обновлено)"
    rf"\b[^.!?]{{0,90}}?{_DATED_END}\W*",
    re.IGNORECASE,
)
"""`Published in Dawn, September 13th, 2023`: begins with the word, ends with a date, no sentence in between."""

_PROMPTS = re.compile(
    r"(?:share (?:this|on|via|the)|share$|subscribe|sign up|sign in|log ?in|register (?:now|for|to)|follow (?:us|@|the author"
    r"|.{2,40} on)|join (?:us|our|the conversation)"
    r"|like us|find us on|download (?:our|the) app|get (?:our|the) (?:app|newsletter|daily|latest)|click here|tap here"
    r"|listen to this|watch(?: now| live|: )|read (?:more|also|next|full)"
    r"|also read|see also|related(?: stor| article| topic| content|:|$)|recommended|more (?:from|on this|stories)|you (?:may"
    r"|might) (?:also )?like|don'?t miss|trending|most (?:read|popular)"
    r"|advertis|story continues below|continue reading|this article is (?:for|only)|support (?:our|independent)|donate"
    r"|newsletter|copyright|©|\(c\) \d{4}|all rights reserved"
    r"|comments?\b|\d+ comments|leave a (?:comment|reply)|post a comment|print this|email this|copy link|photo:|image:"
    r"|image credit|getty images|tags?:|topics:|filed under"
    r"|have a (?:news )?tip|report a (?:typo|correction)|(?:jetzt )?abonnieren|newsletter|teilen|lesen sie auch|mehr zum thema"
    r"|anzeige|folgen sie|abonnez-vous|lire aussi|partager"
    r"|suscr[ií]bete|comparte|lea también|leggi anche|iscriviti|leia também|читайте также|подписывайтесь|поделиться|관련기사|구독"
    r"|무단\s?전재|저작권자|関連記事)",
    re.IGNORECASE,
)
_MAX_PROMPT_WORDS = 20
_SURE_PROMPT = re.compile(
    r"(?:share this|subscribe (?:to|now|for|today)|sign up (?:for|to|now)|follow us|advertisement$|story continues below"
    r"|all rights reserved|©|copyright ©|read more:|also read:|read also:"
    r"|see also:|related:|lesen sie auch|lire aussi|lea también|leggi anche|leia também|читайте также|무단\s?전재|click here to)",
    re.IGNORECASE,
)
_EDGE = 4
"""Lines at each end among which a doubtful prompt is taken for one."""


def clean(text: str, *, title: str | None, captions: Iterable[str] = (), paragraphs: Sequence[str] = ()) -> str:
    """An article's text, one paragraph a line, without its headline, datelines, credits, prompts and captions said twice.

    `captions` are the texts of `<figcaption>`; a paragraph that repeats one is a caption. `paragraphs` are texts that stand on the
    page more than once.
    """
    lines = [line for line in (_SPACE.sub(" ", each).strip() for each in text.splitlines()) if line]
    named = {_key(each) for each in captions}
    repeated = {_key(each) for each in paragraphs}
    headline = _key(title or "")
    kept: list[str] = []
    seen: set[str] = set()
    for position, line in enumerate(lines):
        key = _key(line)
        at_edge = position < _EDGE or position >= len(lines) - _EDGE
        if not key or (key == headline and position < _EDGE) or _drop(line, at_edge=at_edge):
            continue
        if key in seen and (count_words(line) >= 5 or key in repeated):
            continue
        if key in named and count_words(line) >= 3:
            continue
        seen.add(key)
        kept.append(line)
    return "\n".join(_without_end(kept))


def with_subheads(text: str, subheads: Iterable[tuple[str, str, str]]) -> str:
    """A text with the headings that its reader dropped between two paragraphs it kept; each is given with those two."""
    kept = text.splitlines()
    at = {_SPACE.sub(" ", line).strip(): position for position, line in reversed(list(enumerate(kept)))}
    missing = {
        at[after]: heading
        for heading, before, after in subheads
        if heading not in at and before in at and after in at and at[after] - at[before] == 1
    }
    return "\n".join(line for position, each in enumerate(kept) for line in ((missing[position], each) if position in missing else (each,)))


def is_credit(line: str) -> bool:
    """Whether a line only says when or where the article was published."""
    return count_words(line) <= 18 and (is_date_line(line) or _CREDIT.fullmatch(line.strip("()[]*—– ")) is not None)


def is_prompt(line: str, *, at_edge: bool = True) -> bool:
    """Whether a line asks the reader to share, subscribe, follow or read on; away from the text's ends only what is sure to."""
    bare = line.strip("()[]*—–-•|► ")
    if count_words(line) > _MAX_PROMPT_WORDS:
        return False
    return _SURE_PROMPT.match(bare) is not None or (at_edge and _PROMPTS.match(bare) is not None and not bare.endswith((".", "”", '"')))


def _drop(line: str, *, at_edge: bool) -> bool:
    return is_credit(line) or is_prompt(line, at_edge=at_edge)


def _without_end(lines: list[str]) -> list[str]:
    """Cut labels that are left over after the last sentence (`Opinion`, `Editorial`)."""
    end = len(lines)
    while end > 1 and count_words(lines[end - 1]) <= 3 and len(lines[end - 1]) < 30 and lines[end - 1][-1:].isalpha():
        end -= 1
    return lines[:end]


def _key(text: str) -> str:
    return "".join(each for each in text.casefold() if each.isalnum())
