"""Whether a page's text is the article, or why it is not; pure."""

from __future__ import annotations

import re

from wirewatch.articles.blocks import count_words

_BOT = re.compile(
    r"just a moment\.\.\.|attention required|checking (?:if the site|your browser)"
    r"|verify(?:ing)? (?:that )?you are (?:a )?human|are you a (?:robot|human)|i am not a robot|performing security verification"
    r"|(?:please )?enable (?:js|javascript|cookies)|enable javascript and cookies|access denied|access to this page has been denied"
    r"|unusual traffic|captcha|pardon our interruption|ddos protection|security check|request unsuccessful|cloudflare ray id"
    r"|datadome|perimeterx|error 1020|sicherheitsüberprüfung|ich bin kein roboter|bitte (?:aktivieren sie|javascript)"
    r"|vérification de sécurité|je ne suis pas un robot|veuillez activer|no soy un robot|comprobando (?:tu|su) navegador"
    r"|não sou um robô|non sono un robot|я не робот|подтвердите, что (?:вы не робот|запросы)|проверка браузера"
    r"|로봇이 아닙니다|자동 ?입력 ?방지|보안 ?문자|安全验证|人机验证|验证码|ロボットではありません|أنا لست روبوت",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"before you continue|we (?:and our (?:\d+ )?partners|value your privacy|use cookies)|accept (?:all )?cookies"
    r"|cookie (?:consent|policy|settings|preferences)"
    r"|manage (?:your )?(?:consent|privacy|preferences)|consent to the use|privacy center|datenschutz|einwilligung"
    r"|zustimmen und weiter|mit werbung weiterlesen|nous utilisons des cookies|accepter et continuer|continuer sans accepter"
    r"|respect(?:ons)? (?:de )?votre vie privée|utilizamos cookies|valoramos (?:tu|su) privacidad|aceptar (?:y continuar|todas)"
    r"|utilizziamo i cookie|informativa sui cookie|accetta (?:e continua|tutti)|usamos cookies|aceitar (?:todos|e continuar)"
    r"|wij gebruiken cookies|cookies accepteren|akkoord en doorgaan|używamy (?:plików )?cookie|zaakceptuj|přijmout (?:vše|cookies)"
    r"|vi bruger cookies|vi använder cookies|godkänn alla|hyväksy (?:kaikki )?eväste|çerez(?:leri| politikası)"
    r"|личных данных|файлы cookie|използваме бисквитки|χρησιμοποιούμε cookies|쿠키|クッキー(?:を|の)|使用\s?cookie|ملفات تعريف الارتباط",
    re.IGNORECASE,
)
_PAYWALL = re.compile(
    r"subscribe to (?:continue|read|unlock)|subscription (?:is )?required|subscribers? only|for subscribers"
    r"|to continue reading|to read (?:the full|this) (?:article|story)"
    r"|already a (?:subscriber|member)|become a (?:subscriber|member)|unlock this (?:article|story)|(?:create"
    r"|register for) (?:a|your) free account|start your (?:free )?trial"
    r"|you(?:'|’)ve reached your (?:limit|monthly)|free articles? (?:left|remaining|this month)|exklusiv für abonnenten"
    r"|jetzt weiterlesen|mit .{1,20}\+ lesen|weiterlesen mit|sie haben bereits ein abo|nur für abonnenten"
    r"|réservée? aux abonnés|il vous reste .{1,20}% de cet article|abonnez-vous pour lire|contenido exclusivo"
    r"|exclusivo para suscriptores"
    r"|suscríbete para (?:seguir|leer)|contenuto riservato|riservato agli abbonati|abbonati per (?:leggere|continuare)"
    r"|exclusivo para assinantes|assine para (?:ler|continuar)|alleen voor abonnees|lees verder met"
    r"|tylko dla (?:subskrybentów|prenumeratorów)"
    r"|kun for abonnenter|endast för prenumeranter|för att läsa vidare|vain tilaajille|pouze pro předplatitele|abonelere özel"
    r"|только для подписчиков|оформите подписку|구독자 전용|유료 ?(?:회원|기사)|有料会員|会員限定|この記事は有料"
    r"|订阅后阅读|付费阅读|للمشتركين فقط",
    re.IGNORECASE,
)
_ERROR = re.compile(
    r"(?:^|\b)(?:404|410|403|50[0-4])\b.{0,30}(?:error|not found|forbidden|gone|unavailable)"
    r"|(?:error|fehler|erreur|ошибка|오류) (?:404|403|500|503)|page (?:not found|doesn(?:'|’)t exist|cannot be found)"
    r"|(?:page|article|content|story) (?:is|was|you requested|you(?:'|’)re looking for).{0,40}(?:not (?:found|available|exist)"
    r"|removed|no longer|unavailable|deleted)"
    r"|internal server error|service unavailable|bad gateway|wartungsarbeiten|seite (?:wurde )?(?:leider )?nicht gefunden"
    r"|page (?:introuvable|non trouvée)|página no (?:encontrada|existe)|página não encontrada|pagina non trovata|pagina niet gevonden"
    r"|nie znaleziono strony|strona nie istnieje|stránka nebyla nalezena|siden (?:ble|blev) ikke funnet|sidan (?:hittades inte|finns inte)"
    r"|sivua ei löyt|sayfa bulunamadı|halaman tidak ditemukan|không tìm thấy trang"
    r"|страница не (?:найдена|существует)|сторінку не знайдено|η σελίδα δεν βρέθηκε|الصفحة غير موجودة|העמוד לא נמצא"
    r"|페이지를 찾을 수 없|존재하지 않는 (?:기사|페이지)|ページが見つかりません|页面不存在|找不到(?:该|您)?.{0,4}(?:页面|網頁|网页)",
    re.IGNORECASE,
)
_REASONS = (("bot_check", _BOT), ("error_page", _ERROR), ("consent", _CONSENT), ("paywall", _PAYWALL))
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
        # A brief that its page calls an article may well speak of an airport's security check.
        brief = is_article is True and words >= min_words
        for reason, pattern in _REASONS[-1:] if brief else _REASONS:
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
