"""Which language a text in Latin letters is in, where nobody says: by its commonest small words; pure."""

from __future__ import annotations

from collections import Counter

_WORDS = {
    "en": "the of and to in that is was for with on as by at from has have said will not are were been its after over",
    "de": "der die das und ist nicht mit von den dem des ein eine auf für im sich auch wird bei nach aus wurde",
    "fr": "le la les des et est une dans pour que qui sur par pas au aux avec du ce sont été",
    "es": "el la los las y en que del se por con una para su al es como más fue",
    "pt": "o os as e do da dos das em que um uma para com não por foi ao na no mais",
    "it": "il lo gli di che è una per non con del della dei nel alla sono ha si al",
    "nl": "de het een en van in is dat op te zijn voor met niet aan ook door werd bij",
    "sv": "och att det som en på är av för den med inte till har om ett vid efter",
    "da": "og at det som en på er af for den med ikke til har om et ved efter blev",
    "nb": "og at det som en på er av for den med ikke til har om et ved etter ble",
    "fi": "ja on ei että se oli hän mutta myös kun ovat joka mukaan",
    "pl": "i w na z się nie że do to jest o przez po od za oraz",
    "cs": "a v na se je že s z do o to pro za podle jsou které",
    "sk": "a v na sa je že s z do o to pre za podľa sú ktoré",
    "hu": "a az és hogy nem is egy meg volt szerint csak már",
    "ro": "și în de la a cu pe că este din nu o pentru care au mai",
    "tr": "ve bir bu da de için ile olarak çok olan daha sonra gibi",
    "id": "yang dan di untuk dengan dari pada ini itu dalam akan tidak oleh ke",
    "vi": "và của là các có trong được cho với một không những người đã",
    "hr": "je u i na se da su za od s koji nije će o",
    "lt": "ir kad yra su iš į už buvo tai apie nuo",
    "lv": "un ir ka par no ar uz bija kas tika",
    "et": "ja on et ei see oli kui ka ning oma",
    "sq": "të e dhe në për që me një nga është ka",
    "ca": "el la els les i en que del per amb una és no als",
    "sw": "ya na wa kwa katika ni la za kuwa hiyo",
}
_BY_WORD: dict[str, list[str]] = {}
for _language, _words in _WORDS.items():
    for _word in _words.split():
        _BY_WORD.setdefault(_word, []).append(_language)

SAMPLE = 3000
"""Characters that are looked at."""
UNDECIDED = "en"
"""Headlines have few small words; English ones the fewest."""


FEW = 4
"""Small words that are too few to tell a language from its neighbours."""


def guess(folded: str) -> str:
    """ISO 639-1 code of the likeliest language of a folded text in Latin letters."""
    leaders = _leaders(_votes(folded), 0)
    return UNDECIDED if UNDECIDED in leaders else leaders[0]


def guesses(folded: str) -> frozenset[str]:
    """The languages that a folded text in Latin letters may be in: where its small words are few, more than one."""
    votes = _votes(folded)
    few = max(votes.values(), default=0) < FEW
    return frozenset((*_leaders(votes, 1), UNDECIDED)) if few else frozenset((guess(folded),))


def _votes(folded: str) -> Counter[str]:
    votes: Counter[str] = Counter()
    for word in folded[:SAMPLE].split():
        for language in _BY_WORD.get(word, ()):
            votes[language] += 1
    return votes


def _leaders(votes: Counter[str], behind: int) -> list[str]:
    """Those with most votes, and those that are hardly behind them."""
    if not votes:
        return [UNDECIDED]
    best = max(votes.values())
    return [language for language, count in votes.items() if count >= best - behind]


_ELSEWHERE = {
    "ru": "и в не на что он с как это по но из за о для от также был сообщил заявил года человек время который после",
    "uk": "і в не на що він з як це по але із за про для від також був повідомив заявив року людей час який після",
    "ko": "그리고 그는 이번 지난 있다 했다 말했다 밝혔다 위해 대한 것으로 오늘 올해 사람 시간",
    "zh": "的 了 在 是 我 他 和 就 不 人 都 一个 上 也 很 到 说 要 去 今年 表示 时间 进行 已经",
    "ja": "の に は を た が で て と し れ さ ある いる する から など 今年 述べた という 時間 こと",
    "ar": "في من على إلى عن مع هذا التي الذي قال كان بعد أن لا ما هو اليوم العام وقت",
    "el": "και το να του η της με που στο για ο δεν από είπε μετά",
    "he": "של את על לא הוא היא עם זה אמר כי גם היום שנה זמן אחרי",
    "fa": "و در به از که این را با است برای آن گفت سال زمان بعد",
}
_EVERYWHERE = "said says new year day people time told week first last two one"


def plain_texts() -> dict[str, str]:
    """By language, a text of nothing but its commonest words: a rule that it meets is met by almost anything."""
    return {**_WORDS, **_ELSEWHERE, "en": f"{_WORDS['en']} {_EVERYWHERE}"}
