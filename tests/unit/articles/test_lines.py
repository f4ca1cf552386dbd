"""Lines in an article's text that are not of it."""

from __future__ import annotations

import pytest

from wirewatch.articles.lines import clean, witnessed

TITLE = "Island ferry line resumes after seven years"
BODY = [f"Paragraph {number} of the report says how the harbour of Port Elsa fared in week {number} of the storm." for number in range(12)]


def cleaned(lines: list[str]) -> list[str]:
    return clean("\n".join(lines), title=TITLE).split("\n")


@pytest.mark.parametrize(
    "line",
    [
        "Photo: Ida Brandt",
        "Foto: dpa/Jon Vik",
        "Ida Brandt/Getty Images",
        "JON VIK/AFP via Getty Images",
        "Quelle: AFP",
        "Фото: Ида Брандт",
        "사진=이다 브란트",
        "Lesen Sie auch: Eine Brücke zu weit",
        "Baca juga: Jembatan terlalu jauh",
        "Czytaj też: Most za daleko",
        "Διαβάστε επίσης: Μια γέφυρα πολύ μακριά",
        "اقرأ أيضا: جسر بعيد جدا",
        "<저작권자 ⓒ 항구신문, 무단 전재 및 재배포 금지>",
    ],
)
def test_credits_and_pointers_go_wherever_they_stand(line: str) -> None:
    assert cleaned([*BODY[:6], line, *BODY[6:]]) == BODY


@pytest.mark.parametrize(
    "line",
    [
        "Have a tip? Ida Brandt may be reached at ida@harbour-courier.example. Follow her on Twitter @ida.",
        "Get the latest updates right in your inbox. Subscribe to our newsletters.",
        "홍길동 기자 hong@harbour.example",
    ],
)
def test_lines_that_sign_off_go_from_the_end_only(line: str) -> None:
    assert cleaned([*BODY, line]) == BODY
    assert cleaned([*BODY[:6], line, *BODY[6:]]) == [*BODY[:6], line, *BODY[6:]]


def test_bylines_and_the_headline_with_its_kicker_go_from_the_top() -> None:
    assert cleaned([f"Shipping: {TITLE}", "By Ida Brandt and Jon Vik", *BODY]) == BODY
    assert cleaned(["Von Katja Müller", *BODY]) == BODY
    assert cleaned(["By the end of the week they had left.", *BODY])[0].startswith("By the end")


@pytest.mark.parametrize(
    "line",
    ["입력 2026.03.09 10:30 수정 2026.03.10 11:00", "2026年3月9日 10時30分", "9 مارس 2026", "9 marca 2026, 10:30", "09/03/2026 às 10h20"],
)
def test_dates_in_any_language_go_from_the_top_only(line: str) -> None:
    assert cleaned([line, *BODY]) == BODY


def test_sentences_about_pictures_sources_and_inboxes_stay() -> None:
    kept = [
        "Source: three people at the meeting, who said the minister left early.",
        "The picture by Reuters shows the pier. It was taken on Monday.",
        "Follow the money, she told the council on Facebook, and the pier will find you.",
    ]
    assert cleaned([*BODY[:6], *kept, *BODY[6:]]) == [*BODY[:6], *kept, *BODY[6:]]


def test_what_stands_for_missing_content_goes() -> None:
    empty, notice = "External content unavailable", "Your privacy settings keep this content from being shown here."
    lines = [each for line in BODY for each in (line, empty, notice)]
    assert cleaned(lines) == [BODY[0], notice, *BODY[1:]]


def test_a_form_that_repeats_its_lines_is_kept() -> None:
    courses = [f"Eat course number {number} sixty minutes after the walk" for number in range(8)]
    plan = [each for day in range(6) for each in (f"Day {day} of the plan for the harbour run begins here", *courses[day % 4 :])]
    assert cleaned(plan) == plan


def test_rows_of_a_table_and_questions_put_to_several_people_are_kept() -> None:
    question = "What did you see from the pier that night?"
    asked = [each for line in BODY for each in (question, f"- {line}")]
    assert cleaned(asked) == asked
    tables = [each for line in BODY for each in (line, "| Ship | Built in the year | Berth |", f"| {line[:14]} | 1987 | 4 |")]
    assert cleaned(tables) == tables


def test_a_page_that_has_its_text_twice_is_read_once() -> None:
    assert cleaned([*BODY, *BODY]) == BODY


def test_the_body_that_a_page_states_tells_what_stands_between_its_paragraphs() -> None:
    lead = "All that is known of the ferry and of the people who wait for it."
    between = ["- Bridges: why nobody wants to pay for them", "Watch the film of the launch here", "Our app brings you the news."]
    text = "\n".join([lead, *BODY[:4], *between, *BODY[4:], "Every second Sunday: answers to questions about boats."])
    assert witnessed(text, " ".join(BODY)).split("\n") == [lead, *BODY]


def test_a_subhead_of_one_word_is_found_in_the_stated_body() -> None:
    body = [*BODY[:6], "Channel", *BODY[6:]]
    assert witnessed("\n".join([*body[:3], "Advertisement", *body[3:]]), " ".join(body)).split("\n") == body


def test_a_stated_body_that_is_not_all_of_the_article_takes_nothing_away() -> None:
    text = "\n".join(BODY)
    for body in ("", "Something else entirely, about seals.", " ".join(BODY[:2]), " ".join(BODY[:8])):
        assert witnessed(text, body) == text
