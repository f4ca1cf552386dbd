"""Lines that stand in an article's text but are not of it; pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from itertools import pairwise

from wirewatch.articles.blocks import count_words, is_date_line

_WORD = re.compile(r"\w+")
_ENDS = (".", "!", "?", "…", "。", "！", "？", "”", '"', "»")
_ASKS = ("?", "？", "؟")
_WITNESS = 0.6
"""Of a text, known from its page's stated body: less of it, and the body is not all of the article."""
_IN_BODY = 0.6
_TAIL = 0.3
"""Of a text, after the last line that is in the stated body: more, and the body was cut short."""
_SPACE = re.compile(r"\s+")
_NO_LETTER = re.compile(r"[\W_]+")
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
    r"|newsletter|copyright|©|ⓒ|\(c\) \d{4}|all rights reserved"
    r"|comments?\b|\d+ comments|leave a (?:comment|reply)|post a comment|print this|email this|copy link|photo:|image:"
    r"|image credit|getty images|tags?:|topics:|filed under"
    r"|have a (?:news )?tip|report a (?:typo|correction)|(?:jetzt )?abonnieren|teilen|mehr zum thema|auch interessant"
    r"|anzeige|folgen sie|abonnez-vous|partager|suscr[ií]bete|comparte|iscriviti|подписывайтесь|поделиться|구독|関連記事)",
    re.IGNORECASE,
)
_MAX_PROMPT_WORDS = 20
_ALSO_READ = (
    r"lesen sie (?:auch|mehr|dazu)|das könnte (?:sie|dich)|mehr dazu|(?:à )?lire (?:aussi|également)|à voir aussi"
    r"|le[ae] también|lee (?:también|más)|(?:te|le) puede interesar|leggi anche|leia (?:também|mais)|veja também|saiba mais"
    r"|lees (?:ook|meer)|les også|læs også|läs (?:också|även|mer)|lue (?:myös|lisää)|zobacz (?:też|także)"
    r"|(?:prze)?czytaj (?:też|także|również|więcej)|čtěte (?:také|též)|přečtěte si|pročitajte (?:i|još)|прочитајте"
    r"|citește și|citeşte şi|olvassa el|kapcsolódó|διαβάστε (?:επίσης|ακόμη|ακόμα)|читайте (?:також|также|ещё)"
    r"|прочетете още|ilgili haber|baca juga|xem thêm|đọc thêm|soma pia|(?:ये|यह) भी पढ़ें|আরও পড়ুন"
    r"|یہ بھی پڑھیں|بیشتر بخوانید|اقرأ أيض|تابعونا|קראו (?:גם|עוד)"
    r"|관련\s?기사|【関連|相关(?:阅读|新闻)|責任編輯|责任编辑"
)
"""`See also` in the languages of newspapers."""
_SURE_PROMPT = re.compile(
    r"(?:share this|subscribe (?:to|now|for|today)|sign up (?:for|to|now)|follow us|advertisement$|story continues below"
    r"|all rights reserved|©|ⓒ|copyright [©ⓒ]|read more:|also read:|read also:|see also:|related:|click here to"
    rf"|.{{0,40}}무단\s?전재|{_ALSO_READ})",
    re.IGNORECASE,
)
_SIGN_OFF = re.compile(
    r"\b(?:follow|folgen|suivez|s[ií]gu[ea]|segui|siga)\b.{0,80}\b(?:twitter|facebook|instagram|whatsapp|telegram|linkedin|youtube|x)\b"
    r"|\b(?:subscri|abonn|sign up|iscriv|suscr).{0,80}newsletter|newsletter.{0,40}\b(?:subscri|sign up|abonn)"
    r"|\b(?:get|receive)\b.{0,60}\b(?:inbox|newsletters?)\b|\b(?:reach|contact|e-?mail)\w*\b.{0,60}@\w|^\S{2,4} 기자.{0,40}@",
    re.IGNORECASE,
)
_MAX_SIGN_OFF_WORDS = 40
_AGENCIES = (
    r"(?:getty(?: images)?|afp|ap|reuters|dpa|epa(?:-efe)?|efe|ansa|shutterstock|i?stock(?:photo)?|imago|picture alliance|xinhua|tass"
    r"|keystone|anadolu|adobe stock|zuma(?: press)?|bloomberg|yonhap|apa|pap|ritzau(?: scanpix)?|lehtikuva|tt|anp|belga|lusa)"
)
_PICTURE = re.compile(
    r"(?:photos?|fotos?|bild(?:er|quelle)?|picture|image(?: credit)?|quelle|source|credits?|crédits?(?: photo)?|fonte|fuente|фото|источник"
    r"|zdjęcie|kuva|사진(?:제공)?|写真|图片|來源|来源)\s*(?:by\b|von\b|[:/©=：])[^.!?]{1,80}"
    rf"|[^.!?]{{2,60}}(?:/|\bvia\b|\||©)\s*{_AGENCIES}\b[^.!?]{{0,30}}",
    re.IGNORECASE,
)
_MAX_PICTURE_WORDS = 10
_BYLINE = re.compile(
    r"(?:(?i:by|von|por|par|di|da|door|av|af|text|texte|texto|written by|report(?:ing)? by|от|автор))\s*:?\s+"
    r"(?:[^\W\d_a-z][\w.'’-]*(?:,|\s|$)|(?:and|und|et|y|e|de|van|der|bin|al)\s){1,8}"
)
_EDGE = 4
"""Lines at each end among which a doubtful prompt is taken for one."""
_DATE_DIGITS = 5
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_OFTEN = 3
"""Times that a short line stands in a text which stands for something that was not shown."""
_STRUCTURE, _FORM_LINES = 0.15, 6
"""Share of a text's words in repeated lines, and how many different ones, above which the repetition is its form (a plan, a table)."""


def clean(text: str, *, title: str | None, captions: Iterable[str] = (), paragraphs: Sequence[str] = ()) -> str:
    """An article's text, one paragraph a line, without its headline, datelines, credits, prompts and captions said twice.

    `captions` are the texts of `<figcaption>`; a paragraph that repeats one is a caption. `paragraphs` are texts that stand on the
    page more than once.
    """
    lines = [line for line in (_SPACE.sub(" ", each).strip() for each in text.splitlines()) if line]
    named = {_key(each) for each in captions}
    keys = [_key(line) for line in lines]
    repeated = _repeats(lines, keys, {_key(each) for each in paragraphs})
    headline = _key(title or "")
    kept: list[str] = []
    for position, (line, key) in enumerate(zip(lines, keys, strict=True)):
        left = len(lines) - position
        if not key or position in repeated or _drop(line, from_start=position, from_end=left):
            continue
        if position < _EDGE and headline and (key == headline or (key.endswith(headline) and not line.endswith(_ENDS))):
            continue
        if key in named and count_words(line) >= 3:
            continue
        kept.append(line)
    return "\n".join(_without_end(kept))


def _repeats(lines: Sequence[str], keys: Sequence[str], on_page: Set[str]) -> set[int]:
    """Where lines stand that were said before, or that stand for something that is not shown (`Content unavailable`)."""
    first: dict[str, int] = {}
    said: list[int] = []
    counts = Counter(keys)
    if len(counts) == len(keys):
        return set()
    for position, (line, key) in enumerate(zip(lines, keys, strict=True)):
        if key in first and (count_words(line.removeprefix("- ")) >= 5 or key in on_page) and not _is_form(line, counts[key]):
            said.append(position)
        first.setdefault(key, position)
    words = sum(map(count_words, lines))
    whole = all(first[keys[one]] < first[keys[after]] for one, after in pairwise(said))
    many = len({keys[each] for each in said}) >= _FORM_LINES
    if many and not whole and sum(count_words(lines[each]) for each in said) > _STRUCTURE * words:
        return set()
    empty = (at for at, line in enumerate(lines) if counts[keys[at]] >= _OFTEN and count_words(line) < 5 and line[-1:].isalpha())
    return {*said, *empty}


def _is_form(line: str, times: int) -> bool:
    """Whether a line may well stand in an article more than once: a row of a table, or a question put to several people."""
    return line.startswith("|") or (times >= _OFTEN and line.endswith(_ASKS))


def witnessed(text: str, body: str) -> str:
    """A text without the lines between and after its paragraphs that are not in the body which the page states as its article's.

    Only where that body is nearly all of the text; what stands before its first line is kept, for the body often lacks the lead.
    """
    lines = text.splitlines()
    pairs = set(_pairs(body))
    words = {each for pair in pairs for each in pair}
    inside = [_share(line, pairs, words) >= _IN_BODY for line in lines]
    sizes = [count_words(line) for line in lines]
    total = sum(sizes)
    known = sum(size for size, found in zip(sizes, inside, strict=True) if found)
    if not total or known < _WITNESS * total or count_words(body) < _WITNESS * total:
        return text
    first, last = inside.index(True), len(inside) - 1 - inside[::-1].index(True)
    # A body that ends early would take the rest of the article along.
    end = len(lines) if sum(sizes[last + 1 :]) <= _TAIL * total else last + 1
    kept = [line for at, line in enumerate(lines) if inside[at] or at < first or at >= end]
    return "\n".join(kept)


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    return pairwise(_WORD.findall(text.casefold()))


def _share(line: str, pairs: Set[tuple[str, str]], words: Set[str]) -> float:
    mine = list(_pairs(line))
    if mine:
        return sum(each in pairs for each in mine) / len(mine)
    return float(words >= set(_WORD.findall(line.casefold())))


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


def _drop(line: str, *, from_start: int, from_end: int) -> bool:
    if is_credit(line) or is_prompt(line, at_edge=from_start < _EDGE or from_end <= _EDGE):
        return True
    words = count_words(line)
    if words <= _MAX_PICTURE_WORDS and _PICTURE.fullmatch(line.strip("()[]* ")):
        return True
    if from_start < _EDGE and words <= _MAX_PICTURE_WORDS and _BYLINE.fullmatch(line):
        return True
    if from_start < _EDGE and _mostly_date(line):
        return True
    return from_end <= _EDGE and words <= _MAX_SIGN_OFF_WORDS and _SIGN_OFF.search(line) is not None


def _mostly_date(line: str) -> bool:
    """Whether a line is a date in whatever language, for it has a year and more digits than letters."""
    digits = sum(each.isdigit() for each in line)
    letters = sum(each.isalpha() for each in line)
    return digits >= _DATE_DIGITS and digits >= letters and not line.startswith("|") and _YEAR.search(line) is not None


def _without_end(lines: list[str]) -> list[str]:
    """Cut labels that are left over after the last sentence (`Opinion`, `Editorial`)."""
    end = len(lines)
    while end > 1 and count_words(lines[end - 1]) <= 3 and len(lines[end - 1]) < 30 and lines[end - 1][-1:].isalpha():
        end -= 1
    return lines[:end]


def _key(text: str) -> str:
    return _NO_LETTER.sub("", text.casefold())
