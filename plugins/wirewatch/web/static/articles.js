// Articles: search with filters that a link keeps, and one article with everything that is known of it.

import { Box, Button, Flex, Grid, Heading, Input, Stack, Text, Textarea, h, useEffect, useState } from "./core.js";
import { ask, useData } from "./api.js";
import { country, counted, exact, language, moment, number } from "./format.js";
import { Choice } from "./incidents.js";
import { Pages } from "./pages.js";
import { Card, Empty, Facts, Loaded, Notice, Out, Section, Tag, Time, Title, To, Words, between } from "./parts.js";
import { MANY, ONE, PAGE, asked, path, read } from "./places.js";
import { go, href } from "./route.js";
import { SearchTools } from "./searches.js";

const SPANS = [
  ["", "any time"],
  ["24h", "last 24 hours"],
  ["7d", "last 7 days"],
  ["30d", "last 30 days"],
];
const FACETS = { topics: "Topics", publisher_name: "Publishers", language: "Languages", country: "Countries" };
const NAMES = { language, country };

// As the address has it, without the place in the list.
function plain(filters) {
  const query = new URLSearchParams();
  MANY.forEach((name) => filters[name].forEach((value) => query.append(name, value)));
  ONE.filter((name) => name !== "offset").forEach((name) => filters[name] && query.set(name, filters[name]));
  return query.toString();
}

export function ArticleList({ query, me, first }) {
  const filters = read(query);
  const to = (changed) => href("articles", null, { ...filters, offset: null, ...changed });
  const turn = (changed) => go("articles", null, { ...filters, offset: null, ...changed });
  const [typed, type] = useState(filters.q);
  useEffect(() => type(filters.q), [filters.q]);
  const key = query.toString();
  const [where, look] = useState(() => asked({ area: "articles", query }));
  useEffect(() => look(asked({ area: "articles", query })), [key]);
  const found = useData(where);
  return h(
    Stack,
    { gap: 5 },
    h(Title, { first }, "Articles"),
    h(
      Flex,
      {
        as: "form",
        role: "search",
        gap: 2,
        wrap: "wrap",
        onSubmit: (event) => {
          event.preventDefault();
          turn({ q: typed.trim() });
        },
      },
      h(Input, { type: "search", "aria-label": "Search articles", placeholder: 'Words, "a phrase", title:train, Kore*', value: typed, flex: "1 1 16rem", size: "sm", onChange: (event) => type(event.target.value) }),
      h(Button, { type: "submit", size: "sm", colorPalette: "brand" }, "Search"),
      h(Choice, { label: "When", value: SPANS.some(([each]) => each === filters.since) ? filters.since : "set", options: [...SPANS, ...(SPANS.some(([each]) => each === filters.since) ? [] : [["set", "the time below"]])], onChange: (since) => since !== "set" && turn({ since, until: null }) }),
      h(Choice, { label: "Order", value: filters.sort || (filters.q ? "best" : "latest"), options: [...(filters.q ? [["best", "best first"]] : []), ["latest", "latest first"], ["earliest", "earliest first"]], onChange: (sort) => turn({ sort }) }),
    ),
    h(Chosen, { filters, to, facets: found.before?.facets }),
    h(SearchTools, { query: plain(filters), asked: where.slice(where.indexOf("?") + 1), total: found.data?.total ?? 0, me }),
    h(Loaded, { from: found, lines: 6 }, (page) =>
      h(
        Grid,
        { templateColumns: { base: "minmax(0, 1fr)", lg: "minmax(0, 1fr) 15rem" }, gap: 8, alignItems: "start" },
        h(
          Stack,
          { gap: 3, minW: 0 },
          h(Text, { role: "status", color: "fg.muted", fontSize: "sm" }, page.total ? `${counted(page.total, "article")} in ${counted(page.stories, "story", "stories")} by ${counted(page.publishers, "publisher")}` : ""),
          page.articles.length
            ? h(Stack, { as: "ol", gap: 0, listStyleType: "none" }, page.articles.map((each, at) => h(Row, { key: each.id, article: each, top: at > 0 })))
            : plain(filters)
              ? h(Empty, { title: "No article has all of this" }, "Fewer words or filters find more. Words are looked for in titles, summaries and texts; Kore* finds Korea and Korean.")
              : h(Empty, { title: "No articles yet" }, "They appear after the first runs of poll_feeds and process_articles."),
          h(Pages, { total: page.total, offset: Number(filters.offset) || 0, size: PAGE.articles, to: (at) => href("articles", null, { ...filters, offset: at || null }) }),
        ),
        page.total > 0 && h(Facets, { page, filters, to }),
      ),
    ),
  );
}

function Chosen({ filters, to, facets }) {
  const nameOf = (kind, value) => facets?.[kind]?.find((each) => each.value === value)?.name ?? NAMES[kind]?.(value) ?? value;
  const set = [
    ...MANY.flatMap((kind) => filters[kind].map((value) => [nameOf(kind, value), to({ [kind]: filters[kind].filter((each) => each !== value) })])),
    ...["since", "until"].filter((kind) => filters[kind] && !SPANS.some(([each]) => each === filters[kind])).map((kind) => [`${kind} ${moment(filters[kind])}`, to({ [kind]: null })]),
    ...Object.entries({ seen_since: "first seen since", seen_until: "first seen before" }).map(([kind, what]) => filters[kind] && [`${what} ${moment(filters[kind])}`, to({ [kind]: null })]),
    filters.counted && ["counted ones only", to({ counted: null })],
  ].filter(Boolean);
  if (!set.length) return null;
  return h(
    Flex,
    { gap: 2, wrap: "wrap", "aria-label": "Filters", role: "group" },
    set.map(([name, without]) => h(Button, { key: name, as: "a", href: without, size: "xs", variant: "subtle", "aria-label": `Without the filter ${name}`, maxW: "100%" }, h(Box, { as: "span", truncate: true }, name), h("span", { "aria-hidden": true }, "✕"))),
    set.length > 1 && h(Button, { as: "a", href: href("articles", null, { q: filters.q }), size: "xs", variant: "ghost" }, "Without any"),
  );
}

function Facets({ page, filters, to }) {
  return h(
    Stack,
    { as: "aside", "aria-label": "Narrow down", gap: 5, fontSize: "sm" },
    Object.entries(FACETS).map(([kind, title]) => {
      const found = page.facets[kind].filter((each) => !filters[kind].includes(each.value)).slice(0, 8);
      return (
        found.length > 0 &&
        h(
          Section,
          { key: kind, title, level: "h3" },
          h(
            Stack,
            { as: "ul", gap: 1, listStyleType: "none" },
            found.map((each) => h("li", { key: each.value }, h(To, { href: to({ [kind]: [...filters[kind], each.value] }), display: "flex", justifyContent: "space-between", gap: 2, textDecorationColor: "transparent" }, h(Box, { as: "bdi", truncate: true }, NAMES[kind]?.(each.value) ?? each.name), h(Box, { as: "span", color: "fg.muted", fontVariantNumeric: "tabular-nums" }, number(each.count))))),
          ),
        )
      );
    }),
  );
}

function Row({ article, top }) {
  return h(
    Box,
    { as: "li", py: 3, borderTopWidth: top ? "1px" : 0, borderColor: "border.muted" },
    h(Heading, { as: "h3", fontSize: "md", fontWeight: "medium", lineHeight: "1.35" }, h(To, { href: href("articles", article.id), textDecorationColor: "transparent" }, h(Words, { pieces: article.title }))),
    h(Meta, { article }),
    article.excerpt.length > 0 && h(Text, { fontSize: "sm", mt: 1, lineClamp: 3 }, h(Words, { pieces: article.excerpt })),
    article.topics.length > 0 && h(Flex, { gap: 1.5, mt: 1.5, wrap: "wrap" }, article.topics.slice(0, 6).map((each) => h("a", { key: each.id, href: href("topics", each.id) }, h(Tag, { kind: "topic" }, each.name)))),
  );
}

function Meta({ article }) {
  return h(Box, { fontSize: "sm", color: "fg.muted", mt: 0.5 }, between([article.publisher, h(Time, { at: article.at }), language(article.language), country(article.country), article.status === "partial" && "only title and summary"]));
}

export function Article({ id, me }) {
  const found = useData(asked({ area: "articles", id }));
  return h(Loaded, { from: found }, (view) => h(Shown, { view, me, put: found.put }));
}

function Shown({ view, me, put }) {
  const { row } = view;
  return h(
    Stack,
    { gap: 6 },
    h(Stack, { gap: 2 }, h(Title, null, h(Words, { pieces: row.title })), h(Meta, { article: row }), row.url && h(Box, { fontSize: "sm" }, h(Out, { href: row.url, textDecoration: "underline" }, "Read it at ", view.source))),
    h(
      Grid,
      { templateColumns: { base: "minmax(0, 1fr)", lg: "minmax(0, 1fr) 20rem" }, gap: 8, alignItems: "start" },
      h(
        Stack,
        { gap: 4, minW: 0, maxW: "70ch", lineHeight: "1.65" },
        view.summary.length > 0 && h(Text, { color: "fg.muted" }, h(Words, { pieces: view.summary })),
        view.text.length > 0 ? h(Words, { pieces: view.text, whiteSpace: "pre-line", display: "block" }) : h(Empty, { title: "Its text is not known" }, view.failure ? `The page could not be read: ${view.failure}. It is tagged and counted by its title and summary.` : "Its page is yet to be read."),
        view.cut && h(Text, { color: "fg.muted", fontSize: "sm" }, "The rest is left out here."),
      ),
      h(
        Stack,
        { gap: 6 },
        h(Section, { title: "Topics, and why" }, view.why.length ? h(Stack, { gap: 3 }, view.why.map((each) => h(Why, { key: each.topic.id, why: each, view, me, put }))) : h(Text, { fontSize: "sm", color: "fg.muted" }, "No topic's rule matches it.")),
        h(Section, { title: "Clocks" }, h(Clocks, { view })),
        h(Section, { title: "Where from" }, h(Facts, {
          rows: [
            ["Publisher", between([h(To, { href: href("articles", null, { publisher_name: row.publisher }) }, row.publisher), view.kind !== "unknown" && view.kind, view.reliability && `reliability ${view.reliability}`])],
            ["Authors", view.authors.join(", ")],
            ["Feeds", between(view.feeds.map((each) => h(To, { href: href("feeds", each) }, each)), ", ")],
            ["Status", row.status + (view.failure ? ` (${view.failure})` : "")],
            view.duplicate_of && ["Duplicate of", h(To, { href: href("articles", view.duplicate_of) }, "another article")],
          ],
        })),
        view.revisions.length > 0 && h(Section, { title: "Earlier titles" }, h(Stack, { gap: 1, fontSize: "sm" }, view.revisions.map((each) => h("div", { key: each.at }, h(Time, { at: each.at }), " ", h("bdi", null, each.title))))),
        view.copies.length > 0 && h(Section, { title: "The same story", side: counted(view.copies.length, "other") }, h(Stack, { as: "ul", gap: 2, listStyleType: "none", fontSize: "sm" }, view.copies.map((each) => h("li", { key: each.id }, h(To, { href: href("articles", each.id) }, h(Words, { pieces: each.title })), h(Meta, { article: each }))))),
      ),
    ),
  );
}

function Why({ why, view, me, put }) {
  const [open, show] = useState(false);
  const verdicts = view.verdicts.filter((each) => each.topic?.id === why.topic.id);
  return h(
    Card,
    { p: 3 },
    h(Flex, { justify: "space-between", gap: 2, align: "baseline" }, h(To, { href: href("topics", why.topic.id), fontWeight: "medium" }, why.topic.name), h(Text, { as: "span", fontSize: "sm", color: "fg.muted", title: "Score, 0 to 100" }, why.score)),
    h(Text, { fontSize: "sm", color: "fg.muted", mt: 1 }, between(why.evidence.slice(0, 12).map((each) => h("span", null, h("bdi", null, `“${each.words}”`), ` in the ${each.field}`)), ", ")),
    !why.current && h(Text, { fontSize: "xs", color: "fg.muted", mt: 1 }, "Tagged by an earlier form of the rule."),
    h(Box, { "aria-live": "polite" }, verdicts.map((each) => h(Text, { key: each.at + each.who, fontSize: "sm", mt: 1 }, `${each.who} says the tag is wrong`, h(Box, { as: "span", color: "fg.muted" }, " · ", h(Time, { at: each.at })), each.note && h(Box, { as: "span", color: "fg.muted", display: "block", overflowWrap: "anywhere" }, each.note)))),
    verdicts.length > 0 && h(To, { href: href("lab", "new", { topic: why.topic.id, reject: view.row.id }), fontSize: "sm", display: "inline-block", mt: 1 }, "Mend the rule: take this article among its rejects"),
    me?.may_change && !open && verdicts.every((each) => each.who !== me.id) && h(Button, { size: "xs", variant: "outline", mt: 2, onClick: () => show(true), "aria-label": `Wrong tag: ${why.topic.name}` }, "Wrong tag…"),
    open && h(Wrong, { why, view, close: () => show(false), put: (next) => { put(next); show(false); } }),
  );
}

function Wrong({ why, view, close, put }) {
  const [note, setNote] = useState("");
  const [problem, setProblem] = useState(null);
  const send = async (event) => {
    event.preventDefault();
    try {
      put(await ask(`${path("articles", view.row.id)}/verdicts`, { method: "POST", body: { topic: why.topic.id, note } }));
    } catch (error) {
      setProblem(error.message);
    }
  };
  return h(
    Stack,
    { as: "form", onSubmit: send, gap: 2, mt: 2, onKeyDown: (event) => event.key === "Escape" && close() },
    h(Textarea, { "aria-label": `Why it is not about ${why.topic.name}`, placeholder: "Why it is not about this (may stay empty)", size: "sm", rows: 2, maxLength: 2000, value: note, autoFocus: true, onChange: (event) => setNote(event.target.value) }),
    problem && h(Notice, null, problem),
    h(Flex, { gap: 2 }, h(Button, { type: "submit", size: "xs", colorPalette: "brand" }, "Record it"), h(Button, { size: "xs", variant: "ghost", onClick: close }, "Cancel")),
  );
}

function Clocks({ view }) {
  const at = (value) => value && h(Box, { as: "time", dateTime: value }, exact(value));
  const published = view.published_at && (view.published_precision === "day" ? exact(view.published_at).replace(/,? \d\d:\d\d:\d\d UTC/, "") : exact(view.published_at));
  return h(Facts, {
    rows: [
      ["Published", published ? `${published} (says the ${view.published_from})` : "not stated"],
      ["First seen", at(view.first_seen_at)],
      ["Counted", view.counted_at ? at(view.counted_at) : "never: it was old, or its feed's first, when it was found"],
      ["Last written", at(view.indexed_at)],
    ],
  });
}
