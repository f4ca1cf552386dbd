"""Patterns by script: what each finds, and the words that it cites."""

from __future__ import annotations

import pytest
from tests.unit.topics.conftest import Find


def words(find: Find, pattern: str, text: str) -> list[str]:
    """The words that a pattern finds in a text, checked against their place."""
    found = find([pattern], text=text)
    evidence = sorted((each.start, each.end, each.words) for match in found for each in match.evidence)
    assert all(text[start:end] == cited for start, end, cited in evidence)
    return [cited for _, _, cited in evidence]


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("North Korea", "Pro-North Korea rally; north  korea, NORTH\nKOREA", ["North Korea", "north  korea", "NORTH\nKOREA"]),
        ("North Korea", "North Korean, North. Korea, Northern Korea", []),
        ("North Korean*", "North Koreans and North Korea", ["North Koreans"]),
        ("Oman", "A woman, a Roman, Romania, OMAN", ["OMAN"]),
        ("Kim Jong Un", "Kim Jong-un’s train", ["Kim Jong-un"]),
        ("Côte d'Ivoire", "la Côte d’Ivoire", ["Côte d’Ivoire"]),
        ("=US", "the US told us in the Us Weekly, US-led", ["US", "US"]),
        ("U.S.", "the U.S. and US and u.s.", ["U.S", "u.s"]),
        ("AT&T", "AT&T won", ["AT&T"]),
        ("G7", "G7峰会, the G7, G70", ["G7", "G7"]),
        ("Rusya", "Rusya’nın", ["Rusya"]),
        ("Moscow, Idaho", "In Moscow, Idaho, and Moscow Idaho", ["Moscow, Idaho"]),
    ],
)
def test_words_of_latin_script(find: Find, pattern: str, text: str, found: list[str]) -> None:
    assert words(find, pattern, text) == found


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("Росси*", "в России, российский, Белороссия", ["России", "российский"]),
        ("Северн* Коре*", "из Северной Кореи, северные города, Северная Осетия и Корея", ["Северной Кореи"]),
        ("Ким* Чен Ын*", "Кима Чен Ына и Ким Чен Ыну", ["Кима Чен Ына", "Ким Чен Ыну"]),
        ("Объединенн* Арабск* Эмират*", "Объединённых Арабских Эмиратах", ["Объединённых Арабских Эмиратах"]),
        ("КНДР", "КНДР-Россия, кндр", ["КНДР", "кндр"]),
        ("Ρωσία", "ΡΩΣΙΑ και Ρωσία", ["ΡΩΣΙΑ", "Ρωσία"]),
    ],
)
def test_words_of_cyrillic_and_greek(find: Find, pattern: str, text: str, found: list[str]) -> None:
    assert words(find, pattern, text) == found


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("روسيا", "روسيا وروسيا بروسيا لروسيا وبروسيا", ["روسيا", "وروسيا", "بروسيا", "لروسيا", "وبروسيا"]),
        ("الصين", "والصين للصين بالصين الصينية صين", ["والصين", "للصين", "بالصين"]),
        ("كوريا الشمالية", "إلى كوريا الشماليّة وبكوريا الشمالية", ["كوريا الشماليّة", "وبكوريا الشمالية"]),
        ("لبنان", "بنان", []),
        ("روسي*", "الروسية", ["الروسية"]),
        ("רוסיה", "ברוסיה, ולרוסיה, פרוסיה", ["ברוסיה", "ולרוסיה"]),
    ],
)
def test_words_with_clitics(find: Find, pattern: str, text: str, found: list[str]) -> None:
    assert words(find, pattern, text) == found


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("북한", "북한이 북한의 남북한 北북한은 (북한)", ["북한", "북한", "북한", "북한"]),
        ("김정은 위원장", "김정은 위원장은", ["김정은 위원장"]),
        ("朝鲜", "朝鲜领导人与北朝鲜", ["朝鲜", "朝鲜"]),
        ("ロシア", "ロシアと親ロシア派", ["ロシア", "ロシア"]),
        ("タイ", "タイの首都、タイトル、アルタイ", ["タイ"]),
        ("รัสเซีย", "ประเทศรัสเซียและ", ["รัสเซีย"]),
        ("キム・ジョンウン", "ｷﾑ・ｼﾞｮﾝｳﾝ氏", ["ｷﾑ・ｼﾞｮﾝｳﾝ"]),
    ],
)
def test_scripts_without_spaces(find: Find, pattern: str, text: str, found: list[str]) -> None:
    assert words(find, pattern, text) == found
