"""Whether a page's text is the article, or why it is not; pure."""

from __future__ import annotations

import re

from wirewatch.articles.blocks import count_words

_BOT = re.compile(
    r"just a moment\.\.\.|attention required|checking (?:if the site|your browser)"
    r"|verify(?:ing)? (?:that )?you are (?:a )?human|are you a (?:robot|human)"
    r"|please enable (?:js|javascript|cookies)|enable javascript and cookies|access denied|access to this page has been denied"
    r"|unusual traffic|captcha"
    r"|pardon our interruption|ddos protection|security check|request unsuccessful",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"before you continue|we (?:and our (?:\d+ )?partners|value your privacy|use cookies)|accept (?:all )?cookies"
    r"|cookie (?:consent|policy|settings|preferences)"
    r"|manage (?:your )?(?:consent|privacy|preferences)|consent to the use|privacy center|datenschutz|einwilligung"
    r"|zustimmen und weiter|mit werbung weiterlesen"
    r"|nous utilisons des cookies|accepter et continuer|utilizamos cookies|личных данных|쿠키",
    re.IGNORECASE,
)
_PAYWALL = re.compile(
    r"subscribe to (?:continue|read|unlock)|subscription (?:is )?required|subscribers? only|for subscribers"
    r"|to continue reading|to read (?:the full|this) (?:article|story)"
    r"|already a (?:subscriber|member)|become a (?:subscriber|member)|unlock this (?:article|story)|(?:create"
    r"|register for) (?:a|your) free account|start your (?:free )?trial"
    r"|you(?:'|’)ve reached your (?:limit|monthly)|free articles? (?:left|remaining|this month)|exklusiv für abonnenten"
    r"|jetzt weiterlesen|mit .{1,20}\+ lesen|weiterlesen mit"
    r"|réservé aux abonnés|il vous reste .{1,20}% de cet article|contenido exclusivo|exclusivo para suscriptores|только для подписчиков",
    re.IGNORECASE,
)
_ERROR = re.compile(
    r"(?:^|\b)(?:404|410|403|50[0-4])\b.{0,30}(?:error|not found|forbidden|gone|unavailable)|(?:error|fehler) (?:404|403|500"
    r"|503)|page (?:not found|doesn(?:'|’)t exist|cannot be found)"
    r"|(?:page|article|content|story) (?:is|was|you requested|you(?:'|’)re looking for).{0,40}(?:not (?:found|available|exist)"
    r"|removed|no longer|unavailable|deleted)"
    r"|internal server error|service unavailable|seite (?:wurde )?nicht gefunden|page introuvable|página no encontrada"
    r"|страница не найдена|페이지를 찾을 수 없",
    re.IGNORECASE,
)
_HEAD = 600
"""Characters in which a page that is not an article says so."""
_SHORT_WORDS = 150
"""Texts longer than this are articles even where they speak of cookies or captchas."""


def judge(
    text: str,
    *,
    title: str | None,
    page_text: str = "",
    language: str | None = None,
    expected_language: str | None = None,
    paywalled: bool = False,
    is_article: bool | None = None,
    linked_share: float = 0.0,
    min_words: int = 40,
) -> str:
    """`ok`, or why the text is not the article; see `model.Extraction.quality`.

    `page_text` is all that the page shows, `linked_share` the part of it inside links, `paywalled` and `is_article` what its metadata
    say. A wrong language is only told where one is expected and the text is long enough to know.
    """
    words = count_words(text)
    said = f"{title or ''}\n{text[:_HEAD]}"
    shown = f"{title or ''}\n{page_text[: _HEAD * 4]}"
    if words < _SHORT_WORDS:
        for reason, pattern in (("bot_check", _BOT), ("error_page", _ERROR), ("consent", _CONSENT), ("paywall", _PAYWALL)):
            if pattern.search(said) or (words < min_words and count_words(page_text) < 2 * _SHORT_WORDS and pattern.search(shown)):
                return reason
        if paywalled:
            return "paywall"
    if words < min_words and (_PAYWALL.search(page_text) or paywalled):
        return "paywall"
    if not words:
        return "empty"
    if is_article is not True and linked_share > (0.75 if words < 2 * _SHORT_WORDS else 0.9):
        return "index_page"
    if words < min_words:
        return "too_short"
    if expected_language and language and expected_language != language and words >= min_words:
        return "wrong_language"
    return "ok"
