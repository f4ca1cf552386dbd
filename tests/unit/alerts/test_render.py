"""What a person reads: subject, plain text and HTML of one content, whatever the news put into them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.samples import ALERTS, NOW, evidence, headline, incident

from wirewatch.alerts.message import Message, compose
from wirewatch.alerts.plan import plan, plan_again, plan_note
from wirewatch.alerts.render import render
from wirewatch.alerts.text import clean, marked, safe_url
from wirewatch.errors import DeliveryRefused
from wirewatch.model import Incident, IncidentState, Notification


def planned(value: Incident, event: str = "opened", joined: tuple[Incident, ...] = ()) -> Notification:
    return plan(value, event, settings=ALERTS, topic_notify=("desk",), now=NOW, joined=joined)[0]


def shown(value: Incident, event: str = "opened", joined: tuple[Incident, ...] = ()) -> Message:
    return render(planned(value, event, joined), settings=ALERTS, now=NOW)


class Page(HTMLParser):
    """The tags, links and text of a document."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.words += data


def test_the_subject_says_topic_severity_and_size() -> None:
    assert shown(incident()).subject == "[Major] Russia–North Korea ties: 9 stories by 8 publishers where 0.1 is usual"


def test_both_parts_say_the_same() -> None:
    message = shown(incident())
    html = " ".join(Page(message.html).words.split())
    for said in ("First seen: Outlet 1", "all independent", "Outlet 2 (1)", "Khasan (6)", "armoured train", "report 3"):
        assert said in html.replace("Kim's", "Kim's"), said
        assert said in message.text, said


def test_times_are_those_of_the_recipients_zone() -> None:
    assert "KST" in shown(incident()).text
    assert "UTC" not in re.sub(r"chart.*", "", shown(incident()).text.split("Stories an hour")[0])


def test_eight_headlines_and_how_many_more() -> None:
    message = shown(incident())
    assert "report 8" in message.text
    assert "report 9" not in message.text
    assert Page(message.html).links.count("https://outlet1.example/kim") >= 1


def test_what_is_more_is_neither_shown_nor_a_copy_of_what_is() -> None:
    shown_ones = (headline(1, copies=4), headline(2))
    some = shown(incident(evidence=evidence(headlines=shown_ones, articles=9)))
    assert "3 more" in some.text
    assert "3 more" in Page(some.html).words
    assert " more" not in shown(incident(evidence=evidence(headlines=shown_ones, articles=6))).text


def test_who_was_first_is_only_claimed_where_clocks_permit() -> None:
    unsure = shown(incident(evidence=evidence(first_is_certain=False)))
    assert "Among the first: Outlet 1 15:11 KST; 8 publishers" in unsure.text
    assert "First seen" not in unsure.text + unsure.html


def test_the_first_line_says_where_it_comes_from() -> None:
    copied = evidence(stories=2, publishers=40, copying=38, copied=1)
    assert shown(incident(evidence=copied)).text.splitlines()[2] == (
        "First seen: Outlet 1 15:11 KST; 40 publishers, 38 copying one report, 2 independent."
    )
    alone = evidence(stories=1, publishers=1)
    assert shown(incident(evidence=alone)).text.splitlines()[2].endswith("; no other publisher.")


def test_buttons_open_the_page_with_an_action_ready() -> None:
    links = Page(shown(incident()).html).links
    assert "https://watch.newsdesk.example/wirewatch#/incidents/russia-north-korea%233?do=ack" in links
    assert not [link for link in links if not re.match(r"https?://|cid:", link)]


def test_what_is_counted_leads_to_its_articles() -> None:
    value = incident()
    opened = [dict(parse_qsl(urlsplit(each).fragment.partition("?")[2])) for each in Page(shown(value).html).links if "#/articles?" in each]
    of = {"topics": value.topic, "since": value.began_at.isoformat(), "counted": "1", "sort": "earliest"}
    assert of in opened, "all of them"
    assert {**of, "publisher_name": "Outlet 2"} in opened
    assert {**of, "q": '"Khasan"'} in opened
    assert all(each.items() >= of.items() for each in opened)


def test_other_topics_on_the_same_stories_stand_in_the_same_mail() -> None:
    other = incident(id="arms#1", topic="arms", topic_name="Arms transfers")
    assert "Arms transfers" in shown(incident(), joined=(other,)).text


def test_both_parts_say_what_a_careful_reader_should_know() -> None:
    for change, said in (({"found_late": True}, "Found late"), ({"learning": True}, "Still learning this topic")):
        found = shown(incident(**change))
        assert said in found.text
        assert said in found.html
        assert said not in shown(incident()).text


def test_an_end_is_told_in_its_own_words() -> None:
    over = incident(state=IncidentState.CLOSED, closed_at=NOW + timedelta(hours=9), reason="calmed")
    message = shown(over, "closed")
    assert message.subject.startswith("[Calm again] Russia–North Korea ties:")
    assert not message.urgent


def test_an_incident_without_evidence_is_still_told() -> None:
    assert "9 stories" in shown(incident(evidence=None)).text


HOSTILE = "<script>alert(1)</script> =cmd|' /C calc'!A0 \r\nBcc: all@example.org \u202egnp.exe"


def test_what_the_news_says_is_text_and_nothing_else() -> None:
    bad = headline(1, title=HOSTILE, url="javascript:alert(1)", publisher_name='"><img src=x onerror=alert(1)>')
    value = incident(topic_name=HOSTILE, evidence=evidence(headlines=(bad,), first=bad, words=((HOSTILE, 2),), new_words=(HOSTILE,)))
    message = shown(value)
    page = Page(message.html)
    assert "script" not in page.tags
    assert not [link for link in page.links if link.startswith("javascript")]
    assert message.html.count("<a ") == message.html.count('rel="noopener noreferrer"')
    assert "onerror" not in re.sub(r"&[a-z#0-9]+;", "", "".join(re.findall(r"<[^>]+>", message.html)))
    mail = compose(planned(value), message, sender=ALERTS.sender)
    assert mail["Bcc"] is None
    assert "\n" not in str(mail["Subject"])
    assert "\u202e" not in str(mail["Subject"]) + message.text + message.html


def test_a_title_of_ten_kilobytes_does_not_fill_the_mail() -> None:
    message = shown(incident(evidence=evidence(headlines=(headline(1, title="word " * 2000),))))
    assert len(message.text) < 4_000


def test_the_mail_can_be_read_back() -> None:
    message = shown(incident())
    raw = compose(planned(incident()), message, sender=ALERTS.sender).as_bytes()
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    assert (mail["To"], mail["Auto-Submitted"], mail["X-Wirewatch-Topic"]) == (
        "desk@newsdesk.example",
        "auto-generated",
        "russia-north-korea",
    )
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]
    picture = next(part for part in mail.walk() if part.get_content_type() == "image/png")
    assert picture.get_content()[:8] == b"\x89PNG\r\n\x1a\n"
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))


@pytest.mark.parametrize(
    "name", ["Floods", "Floods along the river and its forty tributaries in the north", "홍수", "Überschwemmungen am großen Fluss"]
)
def test_a_subject_reads_the_same_in_every_mail_program(name: str) -> None:
    value = incident(topic_name=name)
    raw = compose(planned(value), shown(value), sender=ALERTS.sender).as_bytes()
    mail = message_from_bytes(raw, policy=policy.default)
    assert str(mail["Subject"]) == f"[Major] {name}: 9 stories by 8 publishers where 0.1 is usual"
    assert all(len(line) <= 250 for line in raw.split(b"\r\n"))


@pytest.mark.parametrize("wrong", ["", "nobody", "a@b@c <", "x@example.org, y@example.org", "a\r\nBcc: b@example.org@c"])
def test_an_address_that_is_none_is_refused_for_good(wrong: str) -> None:
    with pytest.raises(DeliveryRefused):
        compose(replace(planned(incident()), address=wrong), shown(incident()), sender=ALERTS.sender)


def test_a_note_shows_its_lines() -> None:
    payload = {"title": "Half of the feeds are out of reach", "lines": ["Since 04:00.", HOSTILE], "level": "critical"}
    note = plan_note("blindness#1", "opened", settings=ALERTS, notify=("operators",), now=NOW, payload=payload)[0]
    message = render(note, settings=ALERTS, now=NOW)
    assert message.urgent
    assert "Since 04:00." in message.text
    assert "script" not in Page(message.html).tags


def test_a_note_that_nobody_acknowledged_says_so() -> None:
    payload = {"title": "Blind", "lines": ["Since 04:00."], "level": "major"}
    first = plan_note("blindness#1", "opened", settings=ALERTS, notify=("operators",), now=NOW, payload=payload)[0]
    again = plan_again(first, notify=("desk",), turn=1, settings=ALERTS, now=NOW)[0]
    text = render(again, settings=ALERTS, now=NOW).text
    assert "operators was told Tue 24 Nov 15:40 KST; nobody has acknowledged it since." in text
    assert "Since 04:00." in text


def test_what_waits_long_enough_to_close_offers_nothing_to_do() -> None:
    over = incident(state=IncidentState.CLOSED, closed_at=NOW, closed_by="kim", reason="known")
    message = render(planned(over), settings=ALERTS, now=NOW)
    assert "Closed by kim: already known." in message.text
    assert "Acknowledge" not in message.text + message.html


def test_a_payload_that_is_none_is_refused_for_good() -> None:
    with pytest.raises(DeliveryRefused):
        render(replace(planned(incident()), payload={"incident": {"id": 1}}), settings=ALERTS, now=NOW)


def test_matched_words_are_marked_where_they_stand_as_words() -> None:
    assert marked("Kim meets Kimura in Rason", ("kim", "Rason")) == (("Kim", True), (" meets Kimura in ", False), ("Rason", True))
    assert marked("김정은이 러시아에", ("김정은",)) == (("김정은", True), ("이 러시아에", False))


def test_only_web_addresses_are_links() -> None:
    assert safe_url("https://example.org/a?b=c") == "https://example.org/a?b=c"
    for wrong in ("javascript:alert(1)", "//example.org", "http://user:pw@example.org/", "http://a b/", "file:///etc/passwd", None):
        assert safe_url(wrong) is None


def test_joiners_stay_and_disguises_go() -> None:
    assert clean("می\u200cخواهم \u202eevil\u202c\x00\ttext") == "می\u200cخواهم evil text"
    assert clean("x" * 50, 10) == "x" * 9 + "…"
