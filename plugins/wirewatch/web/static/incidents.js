// The list of incidents, and one with its evidence.

import { Box, Button, Flex, Grid, NativeSelect, Stack, Table, Text, h, useState } from "./core.js";
import { useData } from "./api.js";
import { Actions } from "./actions.js";
import { HourTable, Hours, Spread } from "./charts.js";
import { clock, counted, country, language, moment, number, span, zone } from "./format.js";
import { EVERY_MS, Size, articlesOf, stateText } from "./overview.js";
import { Pages } from "./pages.js";
import { Card, Empty, Facts, Loaded, Notice, Out, Section, Tag, Time, Title, To, Words, between } from "./parts.js";
import { PAGE, asked, offsetOf } from "./places.js";
import { go, href } from "./route.js";

export function IncidentList({ query, first }) {
  const state = query.get("state") ?? "";
  const offset = offsetOf(query);
  const found = useData(asked({ area: "incidents", query }), { every: EVERY_MS });
  return h(
    Stack,
    { gap: 4 },
    h(
      Flex,
      { justify: "space-between", align: "end", gap: 3, wrap: "wrap" },
      h(Title, { first, sub: "The latest first." }, "Incidents"),
      h(Choice, { label: "State", value: state, options: [["", "any state"], ["open", "open"], ["acknowledged", "acknowledged"], ["snoozed", "snoozed"], ["closed", "closed"]], onChange: (value) => go("incidents", null, { state: value }) }),
    ),
    h(Loaded, { from: found }, (page) =>
      page.incidents.length
        ? h(Stack, { gap: 3 }, h(IncidentTable, { incidents: page.incidents }), h(Pages, { total: page.total, offset, size: PAGE.incidents, to: (at) => href("incidents", null, { state, offset: at || null }) }))
        : h(Empty, { title: state ? `No incident is ${state}` : "No incidents yet" }, "When a topic suddenly gets far more coverage than is usual for the hour, its incident is listed here."),
    ),
  );
}

export function Choice({ label, value, options, onChange, ...style }) {
  return h(
    NativeSelect.Root,
    { size: "sm", width: "auto", ...style },
    h(NativeSelect.Field, { "aria-label": label, value, onChange: (event) => onChange(event.target.value) }, options.map(([key, name]) => h("option", { key, value: key }, name))),
    h(NativeSelect.Indicator),
  );
}

export function IncidentTable({ incidents }) {
  return h(
    Box,
    { overflowX: "auto", borderWidth: "1px", borderColor: "border", borderRadius: "lg" },
    h(
      Table.Root,
      { size: "sm", css: { "& tr:last-of-type td": { borderBottomWidth: 0 } } },
      h(Table.Header, null, h(Table.Row, { bg: { base: "gray.50", _dark: "transparent" } }, ["Topic", "Size", "Severity", "State", "Began"].map((name, at) => h(Table.ColumnHeader, { key: name, scope: "col", display: { base: at === 2 ? "none" : "table-cell", md: "table-cell" } }, name)))),
      h(
        Table.Body,
        null,
        incidents.map((each) =>
          h(
            Table.Row,
            { key: each.id, bg: "transparent" },
            h(Table.Cell, { minW: "9rem" }, h(To, { href: href("incidents", each.id), fontWeight: "medium" }, each.topic_name)),
            h(Table.Cell, { color: "fg.muted", minW: "9rem" }, h(Size, { incident: each })),
            h(Table.Cell, { display: { base: "none", md: "table-cell" } }, h(Tag, { kind: each.severity })),
            h(Table.Cell, null, h(Tag, { kind: each.state, variant: "outline" }, each.state)),
            h(Table.Cell, { whiteSpace: "nowrap" }, h(Time, { at: each.began_at })),
          ),
        ),
      ),
    ),
  );
}

export function Incident({ id, query, me }) {
  const found = useData(asked({ area: "incidents", id }), { every: EVERY_MS });
  const wanted = query.get("do");
  return h(Loaded, { from: found, lines: 6 }, (view) => h(Shown, { view, me, wanted, put: found.put }));
}

function Shown({ view, me, wanted, put }) {
  const { row } = view;
  const ours = row.about === "sight";
  const all = articlesOf(row);
  return h(
    Stack,
    { gap: { base: 5, md: 7 } },
    h(
      Stack,
      { gap: 3 },
      h(
        Flex,
        { gap: 2, wrap: "wrap", align: "center" },
        h(Tag, { kind: row.severity }),
        h(Tag, { kind: row.state, variant: "outline" }, stateText(row)),
        view.peak !== row.severity && h(Tag, { kind: view.peak, variant: "outline" }, `${view.peak} at its peak`),
        row.found_late && h(Tag, { kind: "closed", variant: "outline" }, "found late"),
      ),
      h(Title, null, ours ? row.topic_name : h(To, { href: href("topics", row.topic), textDecorationColor: "transparent" }, row.topic_name)),
      h(Text, { fontSize: { base: "md", md: "lg" }, lineHeight: "1.45" }, ours ? view.reason : h(To, { href: all, textDecorationColor: "transparent" }, view.reason)),
      h(Text, { color: "fg.muted", fontSize: "sm" }, h(Origin, { view })),
      view.caveats.length > 0 && h(Stack, { as: "ul", gap: 1, fontSize: "sm", color: "fg.muted", listStylePosition: "inside", listStyleType: "disc" }, view.caveats.map((each) => h("li", { key: each }, each))),
      row.closing && h(Notice, { tone: "info" }, row.closing),
    ),
    h(Actions, { view, me, wanted, put }),
    h(Card, null, h(Hours, { hours: view.hours, began: row.began_at, ended: row.closed_at, events: view.events, topic: ours ? null : row.topic }), h(HourTable, { hours: view.hours, topic: ours ? null : row.topic })),
    h(
      Grid,
      { templateColumns: { base: "1fr", xl: "minmax(0, 3fr) minmax(18rem, 2fr)" }, gap: { base: 6, xl: 8 }, alignItems: "start" },
      h(
        Stack,
        { gap: { base: 6, md: 7 }, minW: 0 },
        ours
          ? h(Section, { title: "What to do" }, h(Text, { fontSize: "sm" }, h(To, { href: href("feeds", null, { show: "ill" }) }, "Look at the feeds"), " that fail, and at the runs of poll_feeds and process_articles in Airflow. What happens meanwhile is found late, or not at all."))
          : h(Section, { title: view.stories.length ? "Stories" : "Headlines", side: row.articles > 0 && h(To, { href: all }, `All ${counted(row.articles, "article")}`) }, view.stories.length ? h(Stories, { view }) : h(Headlines, { headlines: view.headlines })),
        h(Spreading, { view }),
      ),
      h(
        Stack,
        { gap: { base: 6, md: 7 }, minW: 0 },
        !ours && h(Section, { title: "In numbers" }, h(Evidence, { view, all })),
        h(Section, { title: "What happened" }, h(Timeline, { events: view.events })),
        h(Section, { title: "Who was told" }, h(Told, { told: view.told })),
        view.kibana && h(Text, { fontSize: "sm", color: "fg.muted" }, "More: ", h(Out, { href: view.kibana }, ours ? "the feeds in Kibana" : "the topic in Kibana")),
      ),
    ),
  );
}

function Origin({ view }) {
  const { first, row } = view;
  const parts = [h("span", { key: "since" }, "Since ", h(Time, { at: row.began_at }))];
  if (first) {
    const by = h(To, { href: href("articles", first.article), fontWeight: "medium", color: "fg", textDecorationColor: "transparent" }, h("bdi", null, first.publisher));
    const at = new Date(first.at).toDateString() === new Date().toDateString() ? clock(first.at) : moment(first.at);
    parts.unshift(h("span", { key: "first" }, view.first_is_certain ? "First seen: " : "Among the first: ", by, ", ", h(Time, { at: first.at }, `${at} ${zone()}`), "; ", h(To, { href: articlesOf(row), textDecorationColor: "transparent" }, view.spread_in_words)));
  }
  if (row.closed_at) parts.push(h("span", { key: "for" }, `lasted ${span(row.began_at, row.closed_at)}`));
  return between(parts);
}

export function Headlines({ headlines }) {
  if (!headlines.length) return h(Empty, { title: "No headlines yet" }, "They appear with the next detection.");
  return h(
    Stack,
    { as: "ol", gap: 0, listStyleType: "none" },
    headlines.map((each, at) =>
      h(
        Box,
        { as: "li", key: each.article, py: 2.5, borderTopWidth: at ? "1px" : 0, borderColor: "border.muted" },
        h(Out, { href: each.url, fontWeight: "medium" }, h(Words, { pieces: each.title })),
        h(
          Box,
          { fontSize: "sm", color: "fg.muted", mt: 0.5 },
          between([each.publisher, h(Time, { at: each.at }), each.language && language(each.language), each.copies > 0 && h(To, { href: href("articles", each.article) }, `${counted(each.copies, "copy", "copies")} elsewhere`), h(To, { href: href("articles", each.article) }, "why it matched")]),
        ),
      ),
    ),
  );
}

const SHOWN = 8;

// The stories that most took up, each with its copies.
function Stories({ view }) {
  const [all, show] = useState(false);
  const copies = new Map();
  view.spread.forEach((each) => copies.set(each.story ?? each.article, [...(copies.get(each.story ?? each.article) ?? []), each]));
  const shown = all ? view.stories : view.stories.slice(0, SHOWN);
  return h(
    Stack,
    { gap: 2 },
    h(
      Stack,
      { as: "ol", gap: 0, listStyleType: "none" },
      shown.map((each, at) => h(Story, { key: each.story, story: each, copies: (copies.get(each.story) ?? []).filter((one) => one.article !== each.article), top: at > 0 })),
    ),
    view.stories.length > SHOWN && h(Button, { size: "xs", variant: "outline", alignSelf: "start", "aria-expanded": all, onClick: () => show(!all) }, all ? "Fewer" : `${number(view.stories.length - SHOWN)} more`),
  );
}

function Story({ story, copies, top }) {
  return h(
    Box,
    { as: "li", py: 2.5, borderTopWidth: top ? "1px" : 0, borderColor: "border.muted" },
    h(Out, { href: story.url, fontWeight: "medium" }, h(Words, { pieces: story.title })),
    h(Box, { fontSize: "sm", color: "fg.muted", mt: 0.5 }, between([story.publisher, h(Time, { at: story.at }), story.language && language(story.language), story.country && country(story.country), h(To, { href: href("articles", story.article) }, "why it matched")])),
    story.excerpt.length > 0 && h(Text, { fontSize: "sm", mt: 1, lineClamp: 3 }, h(Words, { pieces: story.excerpt })),
    copies.length > 0 &&
      h(
        Box,
        { as: "details", fontSize: "sm", mt: 1 },
        h("summary", { style: { cursor: "pointer" } }, `${counted(copies.length, "copy", "copies")}: `, h(Box, { as: "span", color: "fg.muted" }, [...new Set(copies.map((each) => each.publisher))].slice(0, 4).join(", "))),
        h(
          Stack,
          { as: "ul", gap: 1, listStyleType: "none", pl: 4, mt: 1 },
          copies.map((each) => h("li", { key: each.article }, h(To, { href: href("articles", each.article) }, h("bdi", { dir: "auto" }, each.title)), h(Box, { as: "span", color: "fg.muted" }, " ", between([each.publisher, h(Time, { at: each.at })])))),
        ),
      ),
  );
}

function Spreading({ view }) {
  const [by, choose] = useState("language");
  if (view.spread.length < 2) return null;
  return h(
    Section,
    { title: "How it spread", side: h(Choice, { label: "Rows", value: by, options: [["language", "by language"], ["country", "by country"]], onChange: choose }) },
    h(Card, null, h(Spread, { dots: view.spread, by, began: view.row.began_at }), view.row.articles > view.spread.length && h(Text, { fontSize: "xs", color: "fg.muted", mt: 1 }, `The first ${number(view.spread.length)} of `, h(To, { href: articlesOf(view.row) }, counted(view.row.articles, "article")), ".")),
  );
}

function Evidence({ view, all }) {
  const { row } = view;
  const phrase = (word) => `"${word.replaceAll(/["\\]/g, " ")}"`;
  const linked = (list, to) => between(list.slice(0, 10).map(([word, count]) => h(To, { key: word, href: articlesOf(row, to(word)) }, h("bdi", null, word), count !== null && h(Box, { as: "span", color: "fg.muted" }, ` ${count}`))), ", ");
  const count = view.series === "stories" ? "stories" : "publishers";
  return h(Facts, {
    rows: [
      ["Size", h(To, { href: all }, `${counted(row.stories, "story", "stories")} by ${counted(row.publishers, "publisher")}, ${counted(row.articles, "article")}`)],
      ["Of their own", row.stories > 1 && (view.independent < row.stories ? h("span", null, h(To, { href: all }, `${number(view.independent)} of ${counted(row.stories, "story", "stories")}`), "; the others are copies") : "every story")],
      ["Against usual", h(To, { href: href("topics", row.topic) }, `${number(view.observed)} ${count} in ${counted(view.window_h, "hour")}, ${number(view.expected)} expected, up to ${number(view.upper)} would not surprise`)],
      ["Publishers", view.top_publishers.length > 0 && linked(view.top_publishers, (name) => ({ publisher_name: name }))],
      ["Matched words", view.words.length > 0 && linked(view.words, (word) => ({ q: phrase(word) }))],
      ["New words", view.new_words.length > 0 && linked(view.new_words.map((word) => [word, null]), (word) => ({ q: phrase(word) }))],
    ],
  });
}

export const HAPPENED = { opened: "Opened", escalated: "Escalated", acknowledged: "Acknowledged", snoozed: "Snoozed", unsnoozed: "Snooze ended", closed: "Closed", reopened: "Reopened", calmed: "Calmed", note: "Note" };

function Timeline({ events }) {
  if (!events.length) return h(Text, { color: "fg.muted", fontSize: "sm" }, "Nothing yet.");
  return h(
    Stack,
    { as: "ol", gap: 0, listStyleType: "none", borderLeftWidth: "2px", borderColor: "border", pl: 4, ml: 1 },
    events.map((event, at) =>
      h(
        Box,
        { as: "li", key: at, position: "relative", pb: at < events.length - 1 ? 3.5 : 0, fontSize: "sm" },
        h(Box, { "aria-hidden": true, position: "absolute", left: "-21px", top: "6px", w: "8px", h: "8px", borderRadius: "full", bg: event.who === "detection" ? "fg.subtle" : "blue.solid" }),
        h("span", null, h(Box, { as: "span", fontWeight: "medium" }, HAPPENED[event.what] ?? event.what), event.severity ? ` as ${event.severity}` : "", event.who === "detection" ? "" : ` by ${event.who}`),
        h(Box, { as: "span", color: "fg.muted" }, " · ", h(Time, { at: event.at })),
        event.note && h(Text, { color: "fg.muted", overflowWrap: "anywhere" }, event.note),
      ),
    ),
  );
}

function Told({ told }) {
  if (!told.length) return h(Text, { color: "fg.muted", fontSize: "sm" }, "Nobody yet: messages are planned with the next detection, where the topic alerts.");
  return h(
    Stack,
    { as: "ul", gap: 2, listStyleType: "none", fontSize: "sm" },
    told.map((each, at) =>
      h(
        Box,
        { as: "li", key: at },
        h(Box, { as: "span", fontWeight: "medium" }, each.recipient),
        h(Box, { as: "span", color: "fg.muted" }, ` by ${each.channel}: ${each.event}, `),
        each.sent_at ? h("span", null, each.state === "gathered" ? "in a summary " : "sent ", h(Time, { at: each.sent_at })) : h(Box, { as: "span", color: each.state === "failed" ? "fg.error" : "fg.muted" }, each.state === "failed" ? "failed" : "waiting"),
        each.problem && h(Text, { color: "fg.muted", overflowWrap: "anywhere" }, each.problem),
      ),
    ),
  );
}
