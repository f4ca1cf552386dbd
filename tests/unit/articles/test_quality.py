"""Pages that are not the article say why."""

from __future__ import annotations

import pytest

from wirewatch.articles.extract import extract
from wirewatch.articles.quality import judge

URL = "https://www.harbour-courier.example/world/ferry-line"
SENTENCE = "The harbour master said on Monday that the channel would stay open for another week despite the storm."


@pytest.mark.parametrize(
    ("reason", "title", "body"),
    [
        ("bot_check", "Just a moment...", "<p>Checking your browser before you enter harbour-courier.example.</p>"),
        ("bot_check", "Access Denied", "<h1>Access Denied</h1><p>You don't have permission to access this server.</p>"),
        (
            "consent",
            "Before you continue",
            "<p>We value your privacy. We and our 812 partners store information on a device.</p><button>Accept all</button>",
        ),
        ("error_page", "404 - Page not found", "<h1>Page not found</h1><p>The page you are looking for is not available any more.</p>"),
        ("paywall", "Ferry resumes", f"<article><p>{SENTENCE}</p><p>Subscribe to continue reading this story.</p></article>"),
        ("bot_check", "Проверка браузера", "<p>Подтвердите, что вы не робот.</p>"),
        ("bot_check", "courier.example", "<p>Performing security verification</p><p>Cloudflare Ray ID: 8f2c</p>"),
        ("bot_check", "安全验证", "<p>请完成验证码</p>"),
        ("consent", "Courrier", "<p>Le respect de votre vie privée</p><button>Continuer sans accepter</button>"),
        ("consent", "Kurier", "<p>Używamy plików cookie i podobnych technologii.</p>"),
        ("consent", "El Puerto", "<p>Valoramos tu privacidad</p><p>Aceptar y continuar</p>"),
        ("error_page", "Página não encontrada", "<p>A notícia que procura mudou de endereço.</p>"),
        ("error_page", "항구신문", "<p>요청하신 페이지를 찾을 수 없습니다.</p>"),
        ("error_page", "Halaman tidak ditemukan", "<p>Maaf.</p>"),
        ("error_page", "Wir sind gleich zurück", "<p>Wegen Wartungsarbeiten ist die Seite nicht erreichbar.</p>"),
        ("paywall", "Færgen sejler", f"<article><p>{SENTENCE}</p><p>Artiklen er kun for abonnenter.</p></article>"),
        ("paywall", "連絡船", f"<article><p>{SENTENCE}</p><p>この記事は有料会員限定です。</p></article>"),
        ("paywall", "Il traghetto", f"<article><p>{SENTENCE}</p><p>Contenuto riservato agli abbonati.</p></article>"),
        ("too_short", "Ferry resumes", f"<article><p>{SENTENCE}</p></article>"),
    ],
)
def test_the_gate_says_why(reason: str, title: str, body: str) -> None:
    html = f"<html lang=en><head><title>{title}</title></head><body>{body}</body></html>"
    assert extract(html.encode(), url=URL).quality == reason


def test_a_front_page_is_no_article() -> None:
    links = "".join(f'<h2><a href="/{n}">Story number {n} has a headline of some length</a></h2>' for n in range(60))
    head = '<title>Harbour Courier</title><meta property="og:type" content="website">'
    html = f"<html lang=en><head>{head}</head><body><main>{links}</main></body></html>"
    assert extract(html.encode(), url="https://www.harbour-courier.example/").quality in ("index_page", "empty")


def test_an_article_about_captchas_and_cookies_is_an_article() -> None:
    text = "The captcha asks whether you are a human. Accept all cookies, it says. " + f"{SENTENCE} " * 15
    assert judge(text, title="Why every site asks: are you a robot?", page_text=text) == "ok"


def test_a_brief_that_its_page_calls_an_article_may_speak_of_checks_and_cookies() -> None:
    text = "Passengers waited two hours at the security check of Port Elsa. " + f"{SENTENCE} " * 3
    assert judge(text, title="Long security check at the harbour", page_text=text, is_article=True) == "ok"
    assert judge(text, title="Security check", page_text=text) == "bot_check"


def test_another_language_than_expected_is_told() -> None:
    assert judge(SENTENCE * 4, title="x", language="en", expected_language="de") == "wrong_language"
    assert judge(SENTENCE * 4, title="x", language="en", expected_language="en") == "ok"
