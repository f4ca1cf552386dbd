"""What the files of config/ may say; unknown keys are errors. wirewatch.yaml is in `config.settings`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from babel.core import get_global
from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from wirewatch.config import patterns
from wirewatch.config.contradictions import impossible
from wirewatch.config.settings import Duration, Model
from wirewatch.model import Alert, PublisherKind, Sensitivity

DEFAULT_MIN_SCORE = 30
"""Where a mention becomes a subject: a single one in the first sentence of a long text is just above (`topics.score`)."""

_WITHIN = re.compile(r"(?:([1-9][0-9]{0,3}) (words?|sentences?|paragraphs?)|(sentence|paragraph|document))$")


def _listed(value: object) -> object:
    """One value where a list may stand."""
    return [value] if isinstance(value, str | int | float | Mapping) else value


def _pattern(value: object) -> object:
    if isinstance(value, str):
        patterns.parse(value)
    return value


def _within(value: object) -> object:
    if not isinstance(value, str) or not _WITHIN.match(value):
        raise ValueError("`N words`, `N sentences`, `paragraph` or `document` is needed")
    return value


def _country(value: object) -> object:
    known = get_global("territory_languages")
    if not isinstance(value, str) or value not in known or not re.fullmatch("[A-Z]{2}", value):
        raise ValueError(f'"{value}" is not a country: two capital letters as in ISO 3166 are needed')
    return value


Id = Annotated[str, StringConstraints(pattern=r"^[^\s#|,\"'\\*?<>:]+$", max_length=200)]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._/-]*$", max_length=120)]
Phrase = Annotated[str, BeforeValidator(_pattern)]
Country = Annotated[str, BeforeValidator(_country)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
Place = Literal["title", "lead", "text", "url"]
Phrases = Annotated[list[Phrase], BeforeValidator(_listed), Field(min_length=1)]
Strings = Annotated[list[str], BeforeValidator(_listed), Field(min_length=1)]


class Rule(Model):
    """One node of a rule: every key it has must hold."""

    concept: str | None = Field(None, description="A concept occurs.")
    concepts: Strings | None = Field(None, description="Any of these concepts occurs (`at_least` counts them).")
    phrase: Phrase | None = Field(None, description="A phrase occurs; a bare string means this.")
    phrases: Phrases | None = Field(None, description="Any of these phrases occurs (`at_least` counts them).")
    topic: str | None = Field(None, description="The rule of another topic holds; its min_score does not count.")
    all: list[Rule] | None = Field(None, min_length=1, description="Every one of these holds.")
    any: list[Rule] | None = Field(None, min_length=1, description="One of these holds (`at_least` asks for more).")
    none: list[Rule] | None = Field(None, min_length=1, description="Not one of these holds.")
    at_least: int | None = Field(None, ge=1, le=1000, description="How many different members; for one concept or phrase, how often.")
    within: Annotated[str, BeforeValidator(_within)] | None = Field(None, description="How near all parts of this node stand together.")
    ordered: bool | None = Field(None, description="The parts of `all` stand in the order in which they are listed.")
    in_: Annotated[list[Place], BeforeValidator(_listed), Field(min_length=1)] | None = Field(
        None,
        alias="in",
        description="Where it must occur: title, lead (summary and first sentences), text, url (words of its address).",
    )
    weight: float | None = Field(None, gt=0, le=3, description="How much an occurrence says about the subject; 1 is normal.")
    publisher: Strings | None = Field(None, description="Ids, or domains, of publishers.")
    country: Annotated[list[Country], BeforeValidator(_listed), Field(min_length=1)] | None = Field(None, description="Of the publisher.")
    kind: Annotated[list[PublisherKind], BeforeValidator(_listed), Field(min_length=1)] | None = Field(
        None, description="Of the publisher."
    )
    language: Annotated[list[Language], BeforeValidator(_listed), Field(min_length=1)] | None = Field(None, description="Of the article.")
    from_: date | None = Field(None, alias="from", description="The first day on which it holds: 2026-11-24.")
    until: date | None = Field(None, description="The last day on which it holds.")

    @model_validator(mode="before")
    @classmethod
    def _phrase_alone(cls, value: object) -> object:
        """A bare string is a phrase."""
        if isinstance(value, str):
            return {"phrase": value}
        if value is None or value == {}:
            raise ValueError("empty rule: it would match everything or nothing")
        return value

    @model_validator(mode="after")
    def _finds_something(self) -> Rule:
        finds = (self.concept, self.concepts, self.phrase, self.phrases, self.topic, self.all, self.any)
        conditions = (self.publisher, self.country, self.kind, self.language, self.from_, self.until)
        if not any(part is not None for part in (*finds, self.none, *conditions)):
            raise ValueError("empty rule: a concept, phrase, all, any, none or a condition is needed")
        if self.within is not None and all(part is None for part in finds):
            raise ValueError("`within` needs something to find")
        if self.ordered and len(self.all or ()) < 2:
            raise ValueError("`ordered` needs two parts under `all`")
        self._attainable()
        return self

    def _attainable(self) -> None:
        """Refuse what can never hold."""
        for name, members in (("concepts", self.concepts), ("phrases", self.phrases), ("any", self.any)):
            if members is not None and self.at_least is not None and self.at_least > len(members):
                raise ValueError(f"at_least {self.at_least} can never hold: `{name}` has {len(members)}")
        if (why := impossible(self.plain())) is not None:
            raise ValueError(why)

    def positive(self) -> bool:
        """Whether it needs words to be found (a rule of conditions and `none` alone would tag everything)."""
        if any(part is not None for part in (self.concept, self.concepts, self.phrase, self.phrases, self.topic)):
            return True
        if self.all is not None and any(part.positive() for part in self.all):
            return True
        return self.any is not None and all(part.positive() for part in self.any)

    def plain(self) -> dict[str, Any]:
        """As plain data with only the keys that were given."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class TopRule(Rule):
    """The rule of a topic."""

    min_score: int | None = Field(
        None, ge=0, le=100, description=f"Below it the article only mentions the topic; default {DEFAULT_MIN_SCORE}."
    )

    @model_validator(mode="after")
    def _needs_words(self) -> TopRule:
        if not self.positive():
            raise ValueError("empty rule: it needs a concept or phrase; conditions and `none` alone would tag everything")
        return self


class Watch(Model):
    """How a topic reaches people."""

    alert: Alert = Field(
        Alert.SPIKE, description="`spike` mails incidents, `each` every story in batches, `digest` only there, `none` nobody."
    )
    sensitivity: Sensitivity = Field(Sensitivity.NORMAL, description="How sure a spike must be.")
    single_publisher: bool = Field(False, description="An incident may rest on one publisher.")


class ExampleText(Model):
    """An article in an example; a bare string is its title."""

    title: str = Field("", description="Headline.")
    summary: str = Field("", description="What the feed says.")
    text: str = Field("", description="Paragraphs, with an empty line between.")
    language: Language | None = Field(None, description="ISO 639, as `ko`.")
    publisher: str | None = Field(None, description="Id of its publisher.")
    country: Country | None = Field(None, description="Of its publisher.")
    kind: PublisherKind | None = Field(None, description="Of its publisher.")
    url: str = Field("", description="Its address.")
    at: date | None = Field(None, description="The day that it counts for.")
    topic: str | None = Field(None, description="Of a `for_each` template: the topic that must match.")

    @model_validator(mode="before")
    @classmethod
    def _title_alone(cls, value: object) -> object:
        return {"title": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _says_something(self) -> ExampleText:
        if not (self.title or self.summary or self.text):
            raise ValueError("an example needs a title, summary or text")
        return self


class Examples(Model):
    """What a topic must and must not match."""

    matches: list[ExampleText] = Field(min_length=1, description="At least one that it must match.")
    rejects: list[ExampleText] = Field(min_length=1, description="At least one that it must not.")


class TopicEntry(Model):
    """One topic, or a template for many."""

    id: str = Field(min_length=1, description="Letters, digits, `-`, `/`; for a template with place holders.")
    name: str = Field("", description="For people; a template may use its place holders.")
    rule: TopRule | None = Field(None, description="What an article must say.")
    for_each_pair: list[str] | None = Field(None, min_length=2, description="Concepts: a topic for every pair, in this order.")
    except_: list[Annotated[list[str], Field(min_length=2, max_length=2)]] = Field(
        [], alias="except", description="Pairs that have a topic of their own."
    )
    for_each: str | None = Field(None, description="A CSV file under config/ with the columns name, kind, aliases, context.")
    watch: Watch = Field(Watch(), description="How the topic reaches people.")
    notify: list[str] = Field(default_factory=list, description="Ids of recipients; default: alerts.default_notify.")
    examples: Examples | None = Field(None, description="Run by `wirewatch check`; every topic needs them.")

    @model_validator(mode="after")
    def _one_kind(self) -> TopicEntry:
        if self.for_each is not None and self.for_each_pair is not None:
            raise ValueError("for_each and for_each_pair exclude each other")
        if self.rule is None and self.for_each is None and self.for_each_pair is None:
            raise ValueError("a rule is needed")
        if self.except_ and self.for_each_pair is None:
            raise ValueError("except goes with for_each_pair")
        if (self.for_each or self.for_each_pair) and "{" not in self.id:
            raise ValueError('the id of a template needs a place holder, as "ties/{a}-{b}" or "watch/{name}"')
        return self


class TopicsFile(Model):
    """config/topics/*.yaml"""

    topics: list[TopicEntry] = Field(description="All topics of the file.")


ByLanguage = dict[Language, Phrases]


def _by_language(value: object) -> object:
    """A plain list of aliases belongs to no language in particular."""
    return {"und": value} if isinstance(value, list | str) else value


class Hider(Model):
    """A longer phrase, or all the aliases of another concept."""

    phrase: Phrase | None = Field(None, description="A longer phrase.")
    concept: str | None = Field(None, description="All aliases of another concept.")

    @model_validator(mode="before")
    @classmethod
    def _phrase_alone(cls, value: object) -> object:
        return {"phrase": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one(self) -> Hider:
        if (self.phrase is None) == (self.concept is None):
            raise ValueError("a phrase or {concept: id} is needed")
        return self


class ConceptEntry(Model):
    """One reusable list of aliases."""

    name: str = Field("", description="For people; default: the last part of the id.")
    territory: Country | None = Field(None, description="Its country's names in every language (CLDR) are aliases too.")
    aliases: Annotated[ByLanguage, BeforeValidator(_by_language)] = Field({}, description="By language.")
    weak: Annotated[ByLanguage, BeforeValidator(_by_language)] = Field(
        {}, description="Ambiguous names: they count once the article names the concept otherwise, or has a word of `support`."
    )
    support: Annotated[ByLanguage, BeforeValidator(_by_language)] = Field({}, description="Words that make `weak` names count.")
    not_: list[Hider] = Field([], alias="not", description="Longer phrases that hide the aliases inside them.")
    includes: list[str] = Field([], description="Other concepts whose aliases are this one's too.")

    @model_validator(mode="after")
    def _has_aliases(self) -> ConceptEntry:
        if not (self.territory or self.aliases or self.includes):
            raise ValueError("a concept needs aliases, a territory or includes")
        return self


class ConceptsFile(Model):
    """config/concepts/*.yaml"""

    concepts: dict[Key, ConceptEntry] = Field(description="By id, as country/japan.")


class PublisherEntry(Model):
    """One owner of news domains."""

    name: str = Field(min_length=1, description="For people.")
    domains: list[Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]+)?$")]] = Field(
        default_factory=list, description="Registrable domains, or host:port."
    )
    country: Country | None = Field(None, description="ISO 3166 alpha-2.")
    kind: PublisherKind = Field(PublisherKind.UNKNOWN, description="What it is.")
    reliability: Literal["A", "B", "C", "D", "E", "F"] | None = Field(None, description="The desk's own judgement.")


class PublishersFile(Model):
    """config/publishers.yaml"""

    publishers: dict[Key, PublisherEntry] = Field(description="By id.")


class FeedEntry(Model):
    """One feed to poll."""

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+")] = Field(description="RSS, Atom or JSON Feed.")
    name: str = Field("", description="For people; default: what the feed calls itself.")
    publisher: str | None = Field(None, description="Id in publishers.yaml; default: by the domain of its articles.")
    language: Language | None = Field(None, description="ISO 639; default: what each page says.")
    weight: float | None = Field(None, gt=0, description="Of the coverage; default: what it usually brings.")
    min_interval: Duration | None = Field(None, description="Instead of polling.min_interval.")
    max_interval: Duration | None = Field(None, description="Instead of polling.max_interval.")
    headers: dict[str, str] = Field(default_factory=dict, description="Sent with every request; `${NAME}` is taken from the environment.")
    basic_auth: str | None = Field(None, description="Name of the environment variable that holds `user:password`.")
    tags: list[str] = Field(default_factory=list, description="For filters.")


class FeedsFile(Model):
    """config/feeds.yaml"""

    feeds: dict[Key, FeedEntry] = Field(description="By id.")
