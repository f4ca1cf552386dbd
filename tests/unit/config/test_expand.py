"""Templates of topics."""

from __future__ import annotations

from typing import Any

import pytest

from wirewatch.config.expand import MAX_TOPICS, PAIR_MIN_SCORE, Expanded, Row, expand, read_watchlist, slug
from wirewatch.config.schema import TopicEntry

NAMES = {"country/north-korea": "North Korea", "country/russia": "Russia", "country/china": "China"}


def expanded(rows: list[Row] | None = None, /, **entry: Any) -> list[Expanded]:
    """The topics of an entry."""
    given = {name.rstrip("_"): value for name, value in entry.items()}
    return list(expand(TopicEntry.model_validate(given), names=NAMES, rows=rows or []))


def test_every_pair_has_a_topic_in_listed_order() -> None:
    found = expanded(id="ties/{a}-{b}", for_each_pair=["country/russia", "country/north-korea", "country/china"])
    assert [each.id for each in found] == ["ties/russia-north-korea", "ties/russia-china", "ties/north-korea-china"]
    assert found[0].name == "Russia–North Korea"
    both = [{"concept": "country/russia"}, {"concept": "country/north-korea"}]
    assert found[0].rule == {"all": both, "within": "2 sentences", "min_score": PAIR_MIN_SCORE}


def test_pairs_with_a_topic_of_their_own_are_left_out() -> None:
    pair = ["country/north-korea", "country/russia"]
    found = expanded(id="{a}-{b}", for_each_pair=list(NAMES), except_=[pair])
    assert [each.id for each in found] == ["north-korea-china", "russia-china"]


def test_a_rule_of_its_own_is_filled_in() -> None:
    rule = {"all": [{"concept": "{a}"}, {"concept": "{b}"}, "summit of {b.name}"], "min_score": 40}
    found = expanded(id="{a}-{b}", name="{a.name} and {b.name}", rule=rule, for_each_pair=["country/russia", "country/china"])
    assert found[0].name == "Russia and China"
    assert found[0].rule["all"] == [{"concept": "country/russia"}, {"concept": "country/china"}, {"phrase": "summit of {b.name}"}]
    assert found[0].values["b.name"] == "China"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"for_each_pair": ["country/russia", "country/russia"]}, "twice"),
        ({"for_each_pair": list(NAMES), "except": [["country/russia", "country/iran"]]}, 'except names "country/iran"'),
        ({"for_each_pair": [f"c{number}" for number in range(400)]}, f"more than {MAX_TOPICS}"),
    ],
)
def test_pairs_that_cannot_be_made(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        expanded(id="{a}-{b}", **entry)


def test_every_row_has_a_topic() -> None:
    rows = [
        Row(line=2, name="Ocean Star", kind="ship", aliases=("Ocean Star", "Star of the Ocean"), context=("tanker", "vessel")),
        Row(line=3, name="Владимир Петров", kind="person", aliases=("Владимир Петров",), context=()),
    ]
    found = expanded(rows, id="watch/{kind}/{name}", for_each="watchlists/all.csv")
    assert [each.id for each in found] == ["watch/ship/ocean-star", "watch/person/владимир-петров"]
    assert found[0].rule == {"all": [{"phrases": ["Ocean Star", "Star of the Ocean"]}, {"phrases": ["tanker", "vessel"]}]}
    assert found[1].rule == {"all": [{"phrases": ["Владимир Петров"]}]}


def test_a_watch_list_is_read_with_what_is_wrong() -> None:
    head = "\ufeffname,kind,aliases,context\nOcean Star,ship,Star of the Ocean|MV Star,tanker\n"
    text = f"{head}\n,ship,,\nX,ship,,\nOcean star,ship,,\na,b,c,d,e\n"
    rows, problems = read_watchlist("w.csv", text)
    assert [(row.line, row.name, row.aliases, row.context) for row in rows] == [
        (2, "Ocean Star", ("Ocean Star", "Star of the Ocean", "MV Star"), ("tanker",))
    ]
    assert [str(problem) for problem in problems] == [
        "w.csv:4 name: empty",
        'w.csv:5 name: "X" is too short: at least 2 letters are needed',
        'w.csv:6 name: "Ocean star" is here twice (line 2)',
        "w.csv:7: more cells than columns",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nam,kind\na,b\n", "the column name is missing"),
        ("name,color\na,b\n", 'unknown column "color"'),
        ('name\n"a', "not valid CSV"),
        ("", "the column name is missing"),
    ],
)
def test_a_table_that_is_none(text: str, message: str) -> None:
    _, problems = read_watchlist("w.csv", text)
    assert message in problems[0].message


@pytest.mark.parametrize(("name", "made"), [("Kim Jong Un", "kim-jong-un"), ("  A/B  ", "a-b"), ("!!!", "unnamed"), ("Ｘ1", "x1")])
def test_names_become_parts_of_ids(name: str, made: str) -> None:
    assert slug(name) == made


@pytest.mark.parametrize(
    ("row", "refused"),
    [
        ("Maria,ship,,", "Maria"),
        ("Ever Given,ship,Star,", "Star"),
        ("Kim,person,,", "Kim"),
        ("Иванов,person,,", "Иванов"),
        ("XAG,firm,,", "XAG"),
        ("=XAG,firm,,", ""),
        ("왕이,person,,", "왕이"),
        ("王毅,person,,", "王毅"),
        ("Maria,ship,,Rajin|cargo ship", ""),
        ("Maria Ressa,person,,", ""),
        ("Norinco,firm,,", ""),
        ("F-16,aircraft,,", ""),
        ("김여정,person,,", ""),
    ],
)
def test_names_that_many_bear_need_context(row: str, refused: str) -> None:
    rows, wrong = read_watchlist("w.csv", f"name,kind,aliases,context\n{row}\n")
    assert [str(problem) for problem in wrong] == (
        [
            f'w.csv:2 {"aliases" if refused == "Star" else "name"}: "{refused}" is too common to stand alone: '
            "words under `context` are needed, one of which stands near it"
        ]
        if refused
        else []
    )
    assert len(rows) == (not refused)
