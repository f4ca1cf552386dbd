"""Names that stand for several things are told apart by the shipped concepts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from wirewatch.config import load
from wirewatch.model import Topic
from wirewatch.topics.compile import compile_topics
from wirewatch.topics.match import Matcher


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    """A topic for every country of the shipped concepts."""
    concepts: Mapping[str, Mapping[str, object]] = load(Path(__file__).parents[2] / "config").concepts
    countries = [id for id in concepts if id.startswith("country/")]
    topics = [Topic(id=id.split("/")[1], name="", hash="", rule={"concept": id, "min_score": 0}) for id in countries]
    return compile_topics(topics, concepts)


CASES = [
    # Georgia, Jordan, Turkey, Chad: a state, a name, a bird, a first name.
    ("en", "Georgia votes as Tbilisi protests go on", "georgia"),
    ("en", "Governor of Georgia signs budget in Atlanta, Georgia", ""),
    ("en", "Georgia Tech wins robotics prize", ""),
    ("en", "Amman: Jordan opens border crossing", "jordan"),
    ("en", "Michael Jordan sells his house", ""),
    ("en", "Turkey and Syria reopen crossing", "turkey syria"),
    ("en", "How long to roast a turkey", ""),
    ("en", "Wild Turkey bourbon sold out", ""),
    ("en", "Chad closes border with Sudan", "chad sudan"),
    ("en", "Chad Smith plays drums in Leeds", ""),
    ("en", "TURKEY TO BUY GAS FROM IRAN", "turkey iran"),
    # Kim alone; the agency and the certificate.
    ("en", "Kim opens flower shop", ""),
    ("en", "Kim Kardashian opens flower shop", ""),
    ("en", "Kim thanks Putin for the car", "north-korea russia"),
    ("en", "Kim Dae-jung library opens", ""),
    ("en", "KCNA exam now costs 250 dollars", ""),
    ("en", "Missile flew 400 km, KCNA says", "north-korea"),
    # Moscow in Idaho.
    ("en", "Fire in Moscow, Idaho, damages hall", ""),
    ("en", "Kremlin lights: Moscow marks the day", "russia"),
    ("en", "Moscow mule recipe for winter", ""),
    # Niger and Nigeria, the Guineas, the Congos, the Sudans, the Koreas.
    ("en", "Niger expels envoy", "niger"),
    ("en", "Nigeria expels envoy", "nigeria"),
    ("fr", "Le Nigeria et le Niger rouvrent leur frontière", "nigeria niger"),
    ("zh", "尼日利亚发生洪灾", "nigeria"),
    ("zh", "尼日尔发生洪灾", "niger"),
    ("en", "Guinea swears in president", "guinea"),
    ("en", "Guinea pig escapes", ""),
    ("en", "Papua New Guinea signs treaty", "papua-new-guinea"),
    ("en", "Equatorial Guinea elects assembly", "equatorial-guinea"),
    ("en", "Guinea-Bissau elects assembly", "guinea-bissau"),
    ("zh", "赤道几内亚总统访华", "equatorial-guinea china"),
    ("en", "South Sudan delays vote", "south-sudan"),
    ("ru", "В Южном Судане отложили выборы", "south-sudan"),
    ("en", "North Korea tests engine", "north-korea"),
    ("en", "North Korea’s leader arrives; Samsung store opens", "north-korea"),
    ("en", "South Korea tests engine", "south-korea"),
    ("en", "Korea wins curling gold", ""),
    ("en", "Korea cuts rates as Samsung sales fall", "south-korea"),
    ("ja", "北朝鮮と韓国が協議", "north-korea south-korea"),
    ("zh", "朝鲜半岛局势", ""),
    # Case: US and us, Polish and polish, Mali and mali.
    ("en", "They told us nothing", ""),
    ("en", "US tells allies nothing", "united-states"),
    ("en", "Polish the table twice a year", ""),
    ("en", "Polish farmers block road", "poland"),
    ("en", "China shop sells bone china", "china"),
    ("en", "Set of fine china sold", ""),
    ("en", "Dominica and the Dominican Republic", ""),
    # Names cut out of longer Chinese words.
    ("zh", "沿海地区经济增长", ""),
    ("zh", "上海地铁延长运营时间", ""),
    ("zh", "海地总理辞职", "haiti"),
    ("zh", "马里兰州发生枪击", ""),
    ("zh", "马里军政府宣布停火", "mali"),
    ("zh", "阿曼达获得影后", ""),
    ("zh", "阿曼斡旋谈判", "oman"),
    ("zh", "印度尼西亚举行选举", "indonesia"),
    ("zh", "道德国家建设座谈会", ""),
    ("zh", "无法国际化的企业", ""),
    ("zh", "华泰国际发布年报", ""),
    ("zh", "泰国首相访问老挝", "thailand laos"),
    ("zh", "参加纳米技术展览", ""),
    ("zh", "加纳举行大选", "ghana"),
    ("zh", "南美国家首脑会议", ""),
    ("zh", "其中国有企业占三成", ""),
    ("zh", "集中国内资源办大事", ""),
    ("zh", "约旦河水位下降", ""),
    ("zh", "约旦国王会见记者", "jordan"),
    ("zh", "文莱苏丹出席典礼", ""),
    ("zh", "苏丹武装冲突升级", "sudan"),
    ("zh", "中非合作论坛开幕", ""),
    ("zh", "内蒙古出现沙尘", ""),
    ("zh", "白俄罗斯与乌克兰接壤", "belarus ukraine"),
    ("zh", "荷兰豆价格上涨", ""),
    ("zh", "理智利用社交媒体", ""),
    ("zh", "智利发生地震", "chile"),
    ("zh", "蒙古巴图当选", ""),
    # Japanese and Korean.
    ("ja", "スーパーマリオの新作", ""),
    ("ja", "スキューバダイビング大会", ""),
    ("ja", "キューバで停電", "cuba"),
    ("ja", "インドネシアで噴火", "indonesia"),
    ("ja", "今日本屋が閉店した", ""),
    ("ja", "フランスパンの焼き方", ""),
    ("ja", "オマーン湾でタンカー炎上", ""),
    ("ja", "中国地方は大雨", ""),
    ("ko", "인도에 쓰러진 가로수", ""),
    ("ko", "인도 총리 방미", "india united-states"),
    ("ko", "수단과 방법을 가리지 않고", ""),
    ("ko", "오만한 태도에 비판", ""),
    ("ko", "가나다순으로 정렬", ""),
    ("ko", "가나 대통령 취임", "ghana"),
    ("ko", "러시아워 지하철 혼잡", ""),
    ("ko", "북중미 월드컵 개막", ""),
    # Arabic words that are names as well.
    ("ar", "قطر الدائرة خمسة أمتار", ""),
    ("ar", "قطر تستضيف القمة في الدوحة", "qatar"),
    ("ar", "دعم مالي للشركات الصغيرة", ""),
    # Countries that are no more.
    ("en", "Soviet Union and China sign border accord", "ussr russia china"),
    ("en", "Soviet-era tower blown up in Riga", ""),
    ("en", "PEKING SEES NO CHANGE IN MOSCOW STAND ON SOVIET TROOPS", "china ussr russia"),
    ("de", "DDR-RAM wird teurer", ""),
    ("en", "West Germany beat Hungary in 1954 final", "west-germany hungary germany"),
]


@pytest.mark.parametrize(("language", "title", "named"), CASES)
def test_countries_that_are_named(matcher: Matcher, language: str, title: str, named: str) -> None:
    found = {match.topic for match in matcher.match(title=title, summary="", text="", language=language)}
    assert found - {"latvia"} == set(named.split())
