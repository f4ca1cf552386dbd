"""Wire copies, reports of one event and daily pieces in eight languages, invented from word lists: what grouping is judged by.

A report is a headline and 12 to 22 sentences of 9 to 22 words in paragraphs of one to three, drawn from the words of its language, a third
of them from its subject, with names and numbers of its own. Copies of it are cut after a part of the paragraphs, given another headline,
a byline, a dateline and lines of local news, lose paragraphs, have up to a fifth of their words exchanged, or are carried on: several of
these at once. Copies that had two in five words exchanged, or more, are apart (`rewrite`). Other newsrooms' reports of the same event share
its subject, names, numbers and two quoted sentences. Daily pieces are one form with other values.
"""

# ruff: noqa: E501 - word lists and forms, which nobody reads line by line

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wirewatch.stories import Item, assign, signature

LANGUAGES: dict[str, str] = {
    "en": "the a of to in and that for was on with said by from at as it its had would after before over under new old first last minister "
    "council harbour bridge railway border army treaty market price factory school hospital storm river island port ship train company "
    "union strike election court judge police report budget tax energy gas oil grain region city village winter spring week month year "
    "talks agreement plan project money people workers officials leaders residents began ended reached signed refused promised built closed "
    "opened raised fell warned expected rejected announced delayed moved found lost near between against without while because although",
    "de": "der die das den dem des ein eine einen und von mit für auf im am zum zur nach vor über unter sagte wurde war hatte sei werde soll "
    "Minister Rat Hafen Brücke Bahn Grenze Heer Vertrag Markt Preis Fabrik Schule Klinik Sturm Fluss Insel Schiff Zug Firma Streik Wahl "
    "Gericht Richter Polizei Bericht Haushalt Steuer Energie Gas Öl Getreide Region Stadt Dorf Winter Frühling Woche Monat Jahr Gespräche "
    "Abkommen Plan Projekt Geld Menschen Beschäftigte Behörden Führung Bewohner begann endete erreichte unterzeichnete lehnte versprach baute "
    "schloss öffnete stieg fiel warnte erwartete verschob fand verlor nahe zwischen gegen ohne während weil obwohl neue alte erste letzte",
    "fr": "le la les un une des du de et à au aux en dans pour sur avec par après avant sous dit était avait serait nouveau ancien premier "
    "ministre conseil port pont rail frontière armée traité marché prix usine école hôpital tempête fleuve île navire train société syndicat "
    "grève élection tribunal juge police rapport budget impôt énergie gaz pétrole céréales région ville village hiver printemps semaine mois "
    "année pourparlers accord plan projet argent habitants ouvriers responsables dirigeants commença termina atteignit signa refusa promit "
    "construisit ferma ouvrit monta tomba avertit attendit reporta trouva perdit près entre contre sans pendant parce bien",
    "es": "el la los las un una de del y a al en por para con sin sobre tras antes bajo dijo era había sería nuevo viejo primero último "
    "ministro consejo puerto puente tren frontera ejército tratado mercado precio fábrica escuela hospital tormenta río isla barco empresa "
    "sindicato huelga elección tribunal juez policía informe presupuesto impuesto energía gas petróleo grano región ciudad pueblo invierno "
    "primavera semana mes año conversaciones acuerdo plan proyecto dinero vecinos obreros autoridades dirigentes comenzó terminó alcanzó firmó "
    "rechazó prometió construyó cerró abrió subió cayó advirtió esperaba aplazó halló perdió cerca entre contra mientras porque aunque",
    "ru": "в на и с по из за от до для при над под после перед между против без что как был была было будет сказал новый старый первый "
    "министр совет порт мост поезд граница армия договор рынок цена завод школа больница шторм река остров судно компания профсоюз забастовка "
    "выборы суд судья полиция доклад бюджет налог энергия газ нефть зерно область город деревня зима весна неделя месяц год переговоры "
    "соглашение план проект деньги жители рабочие власти руководство начал закончил достиг подписал отказал обещал построил закрыл открыл "
    "вырос упал предупредил ожидал отложил нашёл потерял около пока потому хотя",
    "ar": "في من إلى على عن مع بعد قبل بين ضد دون تحت فوق أن التي الذي كان كانت سيكون قال جديد قديم أول آخر الوزير المجلس الميناء الجسر القطار "
    "الحدود الجيش المعاهدة السوق السعر المصنع المدرسة المستشفى العاصفة النهر الجزيرة السفينة الشركة النقابة الإضراب الانتخابات المحكمة القاضي "
    "الشرطة التقرير الميزانية الضريبة الطاقة الغاز النفط الحبوب المنطقة المدينة القرية الشتاء الربيع الأسبوع الشهر السنة المحادثات الاتفاق "
    "الخطة المشروع المال السكان العمال المسؤولون القادة بدأ انتهى بلغ وقع رفض وعد بنى أغلق فتح ارتفع هبط حذر توقع أجل وجد فقد قرب بينما لأن",
    "ko": "장관은 의회는 항구에서 다리를 철도와 국경에서 군대가 조약을 시장의 가격이 공장을 학교에서 병원에 폭풍이 강을 섬의 선박이 열차는 "
    "회사가 노조는 파업을 선거에서 법원은 판사가 경찰은 보고서를 예산을 세금이 에너지와 가스를 석유의 곡물을 지역의 도시에서 마을에 겨울에 "
    "봄에는 이번 주 지난 달 올해 회담에서 합의를 계획을 사업의 자금을 주민들은 노동자들이 당국은 지도부가 시작했다고 끝났다고 도달했다고 "
    "서명했다고 거부했다고 약속했다고 세웠다고 닫았다고 열었다고 올랐다고 떨어졌다고 경고했다고 예상했다고 미뤘다고 찾았다고 잃었다고 가까이 "
    "사이에 반대하며 없이 동안 때문에 그러나 새로운 오래된 첫 마지막 밝혔다 말했다 전했다",
    "zh": "部长 议会 港口 大桥 铁路 边境 军队 条约 市场 价格 工厂 学校 医院 风暴 河流 岛屿 船只 列车 公司 工会 罢工 选举 法院 法官 警方 报告 "
    "预算 税收 能源 天然气 石油 粮食 地区 城市 村庄 冬季 春季 本周 上月 今年 会谈 协议 计划 项目 资金 居民 工人 官员 领导人 开始 结束 达到 "
    "签署 拒绝 承诺 建造 关闭 开放 上涨 下跌 警告 预计 推迟 发现 失去 附近 之间 反对 没有 期间 因为 虽然 新的 旧的 首次 最后 表示 说 在 对 和 "
    "与 从 到 了 将 已 被 由 为 以 的",
}
_SYLLABLES = {
    "ru": "ка ро ми ла тов нев ски бор дан зел",
    "ar": "را مي كا سو نا دي لو حا با تي",
    "ko": "김 박 서 민 준 호 영 진 수 현",
    "zh": "林 陈 海 明 东 建 国 平 华 文",
}
_LATIN = "ka ro mi la tor nev sel bor dan hal"

FORMS: dict[str, tuple[str, str]] = {
    "markets": (
        "{place} shares close {move} as {sector} stocks lead",
        "Shares on the {place} exchange closed {move} on {day}, with {sector} stocks leading the way. The main index ended the session at "
        "{n1} points, a change of {n2} percent. Analysts at {name} said trading had been thin ahead of the weekly figures.\n"
        "{company} was the day's best performer with a gain of {n3} percent, while {company2} lost {n4} percent. The currency stood at {n5} "
        "to the dollar in late trading. Crude oil for next-month delivery was at {n6} dollars a barrel.\n"
        "Turnover came to {n7} million, against an average of {n8} million over the past month. The exchange opens again at nine on {day2}.",
    ),
    "weather": (
        "Weather for {place}: {sky}, {n1} degrees",
        "Today in {place} it will be {sky} with a high of {n1} degrees and a low of {n2} degrees. Winds from the {wind} will reach {n3} "
        "kilometres an hour on the coast. The chance of rain is {n4} percent.\n"
        "Tomorrow the forecast calls for {sky2} skies and {n5} degrees in the afternoon. On {day} temperatures are expected between {n6} and "
        "{n7} degrees. The sun rises at 6:{n8} and sets at 18:{n9}. Drivers in the {wind} of the region should watch for fog in the morning.",
    ),
    "obituary": (
        "{name}, {n1}, of {place}",
        "{name}, {n1}, of {place}, died {day} at {company} Hospital, surrounded by family. Born in {place2} in 19{n2}, {name} was a "
        "{job} for {n3} years and a member of the {company2} church.\n"
        "Survivors include {n4} children, {n5} grandchildren and a sister, {name2} of {place3}. Visitation will be from {n6} to {n7} p.m. on "
        "{day2} at {company} Funeral Home. In lieu of flowers the family asks for memorials to the {place2} library.",
    ),
    "scores": (
        "{place} beat {place2} {n1}-{n2}",
        "{place} beat {place2} {n1}-{n2} at home on {day} in front of {n3} spectators. {name} opened the scoring in the {n4}th minute and "
        "{name2} added another before half-time. {place2} pulled one back through {name3} in the {n5}th minute.\n"
        "The result leaves {place} in place {n6} of the table with {n7} points after {n8} games. {place2} stay in place {n9}. The next home "
        "game is on {day2} against {place3}.",
    ),
    "marché": (
        "La Bourse de {place} finit en {move}",
        "La Bourse de {place} a terminé la séance de {day} en {move} de {n1} %, l'indice principal s'établissant à {n2} points. Le volume "
        "d'échanges a été de {n3} millions, selon {name}, analyste chez {company}.\n"
        "{company2} a gagné {n4} % tandis que {company} cédait {n5} %. Le baril de brut s'échangeait à {n6} dollars et la monnaie à {n7}. La "
        "prochaine séance s'ouvrira {day2} à neuf heures.",
    ),
    "wetter": (
        "Das Wetter in {place}: {sky}, {n1} Grad",
        "Heute ist es in {place} {sky} bei höchstens {n1} Grad, in der Nacht sinken die Werte auf {n2} Grad. Der Wind aus {wind} erreicht an "
        "der Küste {n3} Kilometer pro Stunde. Die Wahrscheinlichkeit für Regen liegt bei {n4} Prozent.\n"
        "Morgen erwartet der Wetterdienst {n5} Grad und {sky2} Himmel, am {day} liegen die Werte zwischen {n6} und {n7} Grad. Die Sonne geht "
        "um 6:{n8} Uhr auf und um 18:{n9} Uhr unter.",
    ),
    "시황": (
        "{place} 증시 {n1}포인트로 마감",
        "{place} 증시가 {day} 전 거래일보다 {n2}퍼센트 움직인 {n1}포인트로 거래를 마쳤다. 거래대금은 {n3}억 원이었고 외국인은 {n4}억 원을 "
        "순매수했다.\n{company} 주가는 {n5}퍼센트 올랐고 {company2} 주가는 {n6}퍼센트 내렸다. 환율은 달러당 {n7}원으로 마감했다. {name} 연구원은 "
        "거래가 한산했다고 말했다.",
    ),
    "天气": (
        "{place}今天气温{n1}度",
        "{place}今天最高气温{n1}度，最低气温{n2}度，{wind}风{n3}级，降水概率为百分之{n4}。明天最高气温{n5}度，{day}气温在{n6}度到{n7}度之间。"
        "\n气象台{name}提醒市民注意早晚温差，出行请留意路面结冰。日出时间为6点{n8}分，日落时间为18点{n9}分。",
    ),
}
_WORDS = {
    "move": "higher lower mixed flat",
    "sector": "bank energy steel retail mining shipping",
    "sky": "sunny cloudy rainy windy dry clear",
    "wind": "north south east west",
    "day": "Monday Tuesday Wednesday Thursday Friday",
    "job": "teacher nurse carpenter sailor farmer clerk",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One article, and which of them are the same text."""

    id: str
    truth: str
    title: str
    text: str
    at: datetime
    kind: str
    """`copy` (an original or a copy), `rewrite`, `event` or `form`."""


class Desk:
    """Writes in one language."""

    def __init__(self, language: str, chance: random.Random) -> None:
        self.language, self.chance = language, chance
        self.words = LANGUAGES[language].split()
        self.joint = "" if language == "zh" else " "
        self.stop = "。" if language == "zh" else "."

    def name(self) -> str:
        """A made-up proper name."""
        parts = self.chance.choices(_SYLLABLES.get(self.language, _LATIN).split(), k=3)
        return "".join(parts).capitalize()

    def sentence(self, subject: list[str]) -> str:
        """A sentence about a subject."""
        words = [self.chance.choice(subject if self.chance.random() < 0.33 else self.words) for _ in range(self.chance.randint(9, 22))]
        return self.joint.join(words).capitalize() + self.stop

    def subject(self) -> list[str]:
        """What a report is about: some words, four names, three numbers."""
        return [
            *self.chance.sample(self.words, 10),
            *(self.name() for _ in range(4)),
            *(str(self.chance.randint(2, 9_000)) for _ in range(3)),
        ]

    def report(self, subject: list[str], quotes: Sequence[str] = ()) -> tuple[str, list[str]]:
        """A headline and paragraphs."""
        sentences = [self.sentence(subject) for _ in range(self.chance.randint(12, 22))]
        for quote in quotes:
            sentences.insert(self.chance.randint(2, len(sentences)), quote)
        paragraphs: list[str] = []
        while sentences:
            size = self.chance.randint(1, 3)
            paragraphs.append(self.joint.join(sentences[:size]))
            del sentences[:size]
        return self.headline(subject), paragraphs

    def headline(self, subject: list[str]) -> str:
        """A headline."""
        return self.joint.join(self.chance.choice(subject if self.chance.random() < 0.5 else self.words) for _ in range(8))

    def exchanged(self, text: str, share: float) -> str:
        """The text with a share of its words exchanged for others; figures stay, as they do where editors rewrite."""
        if self.language == "zh":
            parts, at = [], 0
            vocabulary = set(self.words)
            while at < len(text):
                size = next((size for size in (3, 2) if text[at : at + size] in vocabulary), 1)
                parts.append(text[at : at + size])
                at += size
        else:
            parts = text.split(" ")
        chosen = [bool(part.strip(self.stop)) and not part.strip(self.stop).isdigit() and self.chance.random() < share for part in parts]
        return self.joint.join(self.chance.choice(self.words) if change else part for part, change in zip(parts, chosen, strict=True))

    def copy(self, title: str, paragraphs: list[str]) -> tuple[str, list[str]]:
        """A newspaper's copy of a wire report: one to three of what newspapers do."""
        text = list(paragraphs)
        for change in self.chance.sample(("cut", "headline", "local", "drop", "light", "update"), self.chance.randint(1, 3)):
            if change == "cut":
                text = text[: max(3, int(len(text) * self.chance.uniform(0.35, 0.8)))]
            elif change == "headline":
                title = self.headline(self.subject())
            elif change == "local":
                own = [self.sentence(self.subject()) for _ in range(self.chance.randint(1, 3))]
                text = [f"{self.name()} {self.name()}", f"{self.name().upper()} ({self.name()}) - {text[0]}", *text[1:], *own]
            elif change == "drop":
                text = [each for each in text if self.chance.random() > 0.25] or text
            elif change == "light":
                text = [self.exchanged(each, self.chance.uniform(0.03, 0.15)) for each in text]
            else:
                text += [self.sentence(self.subject()) for _ in range(self.chance.randint(1, 4))]
        return title, text


def wire_copies(seed: int, start: datetime, stories: int = 12, copies: int = 4) -> Iterator[Piece]:
    """Reports in every language with copies of each, light and heavy; their time within an hour of each other."""
    for language in LANGUAGES:
        desk = Desk(language, random.Random(f"{seed}{language}"))
        for story in range(stories):
            truth = f"{language}-{story}"
            title, paragraphs = desk.report(desk.subject())
            at = start + timedelta(minutes=5 * story)
            yield Piece(id=f"{truth}-0", truth=truth, title=title, text="\n".join(paragraphs), at=at, kind="copy")
            for number in range(1, copies + 1):
                other, text = desk.copy(title, paragraphs)
                later = at + timedelta(minutes=desk.chance.randint(1, 600))
                yield Piece(id=f"{truth}-{number}", truth=truth, title=other, text="\n".join(text), at=later, kind="copy")
            heavy = "\n".join(desk.exchanged(each, desk.chance.uniform(0.4, 0.6)) for each in paragraphs)
            yield Piece(id=f"{truth}-heavy", truth=truth, title=title, text=heavy, at=at + timedelta(minutes=601), kind="rewrite")


def one_event(seed: int, start: datetime, events: int = 6, reports: int = 6) -> Iterator[Piece]:
    """Different newsrooms' own reports of the same events: same names, numbers and two quoted sentences."""
    for language in LANGUAGES:
        desk = Desk(language, random.Random(f"{seed} event {language}"))
        for event in range(events):
            subject = desk.subject()
            quotes = [desk.sentence(subject) for _ in range(2)]
            for number in range(reports):
                title, paragraphs = desk.report(subject, quotes)
                id = f"event-{language}-{event}-{number}"
                yield Piece(id=id, truth=id, title=title, text="\n".join(paragraphs), at=start + timedelta(minutes=number), kind="event")


def daily_pieces(seed: int, start: datetime, days: int = 40) -> Iterator[Piece]:
    """Forms filled with other values: several a day of each, within two days."""
    chance = random.Random(seed)
    desk = Desk("en", chance)
    for form, (title, text) in FORMS.items():
        for number in range(days):
            values: dict[str, str] = {f"n{at}": str(chance.randint(11, 59)) for at in range(1, 10)}
            for name, words in _WORDS.items():
                values |= {name: chance.choice(words.split()), f"{name}2": chance.choice(words.split())}
            for name in ("place", "name", "company"):
                values |= {f"{name}{at}": desk.name() for at in ("", 2, 3)}
            if chance.random() < 0.5:
                values["place"] = "Port Elsa"
            id = f"form-{form}-{number}"
            at = start + timedelta(minutes=chance.randint(0, 2880))
            yield Piece(id=id, truth=id, title=title.format(**values), text=text.format(**values), at=at, kind="form")


def pairwise_f1(truth: dict[str, str], found: dict[str, str]) -> tuple[float, float, float]:
    """Precision, recall and F1 over pairs that are, or are said to be, together."""

    def pairs(groups: dict[str, str]) -> int:
        sizes: dict[str, int] = {}
        for group in groups.values():
            sizes[group] = sizes.get(group, 0) + 1
        return sum(size * (size - 1) // 2 for size in sizes.values())

    both = pairs({id: f"{truth[id]}|{found[id]}" for id in truth})
    precision, recall = both / (pairs({id: found[id] for id in truth}) or 1), both / (pairs(truth) or 1)
    return precision, recall, 2 * precision * recall / (precision + recall or 1)


def grouped(pieces: Sequence[Piece]) -> dict[str, str]:
    """Story by piece, all of them taken in at once."""
    items = []
    for each in pieces:
        bands, fingerprint = signature(each.title, "", each.text)
        items.append(Item(id=each.id, title=each.title, at=each.at, bands=bands, fingerprint=fingerprint))
    return dict(assign(items))
