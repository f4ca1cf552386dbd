// The overview: what is spiking first, then what the topics do, and always how much is seen.

import { Box, Button, Flex, Grid, Heading, PALETTE, Stack, Table, Text, color, h } from "./core.js";
import { useData } from "./api.js";
import { Spark } from "./charts.js";
import { counted, moment, number, percent, relative, short } from "./format.js";
import { Card, Empty, Loaded, Notice, Out, Section, Tag, Time, To, Title, Words, between, dot } from "./parts.js";
import { asked } from "./places.js";
import { href } from "./route.js";

export const EVERY_MS = 30_000;

export function Overview({ me, first }) {
  const found = useData(asked({ area: "overview" }), { every: EVERY_MS });
  return h(Loaded, { from: found, lines: 6 }, (data) => {
    const { watch, incidents, closed, topics } = data;
    const spiking = incidents.filter((each) => each.state === "open");
    return h(
      Stack,
      { gap: { base: 6, md: 8 } },
      h(
        Stack,
        { gap: 3 },
        h(Title, { first, sub: h(Watching, { watch, since: topics.since, at: found.at }) }, spiking.length ? h(To, { href: href("incidents", null, { state: "open" }), textDecorationColor: "transparent" }, headline(spiking.length, incidents.length, watch.sight)) : headline(spiking.length, incidents.length, watch.sight)),
        h(Sight, { watch }),
      ),
      incidents.length
        ? h(Section, { title: "Going on" }, h(Stack, { gap: 3 }, incidents.map((each) => h(IncidentCard, { key: each.id, incident: each, me }))))
        : h(Empty, { title: watch.sight.state === "unknown" ? "No incidents yet" : "Nothing is going on" }, "When a topic suddenly gets far more coverage than is usual for the hour, its incident appears here, and a mail goes out."),
      h(
        Section,
        { title: "Topics", side: topics.total > 0 && h(To, { href: href("topics") }, topics.total > topics.topics.length ? `All ${number(topics.total)} topics` : counted(topics.total, "topic")) },
        h(Topics, { page: topics }),
      ),
      closed.length > 0 &&
        h(
          Section,
          { title: "Lately closed", side: h(To, { href: href("incidents") }, "All incidents") },
          h(
            Stack,
            { as: "ul", gap: 2, listStyleType: "none" },
            closed.map((each) =>
              h(
                Flex,
                { as: "li", key: each.id, gap: 3, wrap: "wrap", align: "baseline", fontSize: "sm" },
                h(To, { href: href("incidents", each.id), fontWeight: "medium" }, each.topic_name),
                h(Text, { as: "span", color: "fg.muted" }, between([h(Size, { incident: each }), each.closing, h(Time, { at: each.closed_at })])),
              ),
            ),
          ),
        ),
      data.kibana && h(Text, { fontSize: "sm", color: "fg.muted" }, "More: ", h(Out, { href: data.kibana }, "dashboards in Kibana")),
    );
  });
}

function headline(open, all, sight) {
  if (open) return `${counted(open, "topic is", "topics are")} spiking`;
  if (sight.state === "blind" || sight.state === "stale") return "Wirewatch cannot see enough";
  if (all) return "In hand";
  return sight.state === "unknown" ? "Getting started" : "All calm";
}

function Watching({ watch, since, at }) {
  return between([
    watch.sight.coverage !== null && h(To, { href: href("feeds") }, `${percent(watch.sight.coverage)} of coverage seen`),
    h(To, { href: href("feeds") }, counted(watch.feeds, "feed")),
    watch.ill > 0 && h(To, { href: href("feeds", null, { show: "ill" }), color: "fg.warning" }, `${counted(watch.ill, "feed needs", "feeds need")} a look`),
    watch.last_poll_at && h("span", null, "polled ", h(Time, { at: watch.last_poll_at })),
    h(To, { href: href("articles", null, { seen_since: since }) }, `${counted(watch.articles, "article")} in ${counted(watch.stories, "story", "stories")} by ${counted(watch.publishers, "publisher")} in 24 hours`),
    at && Date.now() - at > 2 * EVERY_MS && h("span", null, "shown as of ", h(Time, { at: at.toISOString() })),
  ]);
}

function Sight({ watch }) {
  const { sight } = watch;
  const long = watch.waiting_since && h(Notice, { tone: "warning" }, h(To, { href: href("articles", null, { status: "discovered", sort: "earliest" }) }, counted(watch.waiting, "article waits", "articles wait")), ` to be read, the longest for ${relative(watch.waiting_since).replace(" ago", "")}: process_articles is behind or fails.`);
  const said = {
    blind: () => h(Notice, { tone: "error" }, h("strong", null, "Blind. "), `Since ${moment(sight.since)} only ${percent(sight.coverage)} of the usual coverage has been seen. A topic that looks calm may not be. `, h(To, { href: href("feeds", null, { show: "ill" }) }, "Look at the feeds")),
    partial: () => h(Notice, { tone: "warning" }, `Since ${moment(sight.since)} ${percent(sight.coverage)} of the usual coverage has been seen. `, h(To, { href: href("feeds", null, { show: "ill" }) }, "Look at the feeds")),
    stale: () => h(Notice, { tone: "error" }, h("strong", null, "Nothing has been counted "), `since ${moment(sight.since)}: the DAG detect_spikes does not run, or fails. What is shown may be old.`),
    unknown: () => h(Notice, { tone: "info" }, sight.feeds || watch.feeds ? "Feeds are being polled. How much of the usual coverage is seen can be said once they have been watched for a while." : "No feed has been polled yet. Numbers appear after the first runs of poll_feeds, process_articles and detect_spikes."),
  }[sight.state];
  return h(Stack, { gap: 2 }, said?.(), long);
}

export function IncidentCard({ incident, me }) {
  const hot = incident.state === "open";
  return h(
    Card,
    { as: "article", p: 0, overflow: "hidden", position: "relative" },
    h(Box, { position: "absolute", insetY: 0, left: 0, w: "4px", style: { background: color(`${PALETTE[hot ? incident.severity : incident.state]}.500`) } }),
    h(
      Grid,
      { templateColumns: { base: "1fr", md: "1fr auto" }, gap: { base: 3, md: 6 }, p: { base: 4, md: 5 }, pl: { base: 5, md: 6 }, alignItems: "center" },
      h(
        Stack,
        { gap: 2, minW: 0 },
        h(
          Flex,
          { gap: 2, align: "center", wrap: "wrap" },
          h(Tag, { kind: incident.severity }),
          h(Tag, { kind: incident.state, variant: "outline" }, stateText(incident)),
          incident.found_late && h(Tag, { kind: "closed", variant: "outline" }, "found late"),
        ),
        h(Heading, { as: "h3", fontSize: { base: "lg", md: "xl" }, fontWeight: "semibold", letterSpacing: "-0.01em" }, h(To, { href: href("incidents", incident.id), textDecorationColor: "transparent" }, incident.topic_name)),
        h(Text, null, h(Size, { incident }), h(Box, { as: "span", color: "fg.muted" }, " · since ", h(Time, { at: incident.began_at }))),
        incident.headline &&
          h(
            Box,
            { fontSize: "sm", color: "fg.muted", lineClamp: 2 },
            h(Box, { as: "bdi", fontWeight: "medium", color: "fg" }, incident.headline.publisher),
            ": ",
            h(Words, { pieces: incident.headline.title }),
          ),
      ),
      h(
        Stack,
        { gap: 2, align: { base: "flex-start", md: "flex-end" } },
        h(Spark, { bars: incident.bars, recent: incident.going, hot, width: 200, height: 48, label: `Stories an hour over the last ${incident.bars.length} hours of evidence, most ${Math.max(0, ...incident.bars)}` }),
        h(
          Flex,
          { gap: 2 },
          h(Button, { as: "a", href: href("incidents", incident.id), size: "xs", variant: "outline", "aria-label": `Open ${incident.topic_name}` }, "Open"),
          hot && me?.may_change && h(Button, { as: "a", href: href("incidents", incident.id, { do: "ack" }), size: "xs", variant: "solid", colorPalette: "brand", "aria-label": `Acknowledge ${incident.topic_name}` }, "Acknowledge"),
        ),
      ),
    ),
  );
}

// Its articles so far.
export const articlesOf = (incident, more = {}) => href("articles", null, { topics: incident.topic, since: incident.began_at, until: incident.closed_at, counted: 1, sort: "earliest", ...more });

export const Size = ({ incident }) => (incident.about === "topic" ? h(To, { href: articlesOf(incident), textDecorationColor: "transparent" }, incident.size) : incident.size);

export function stateText(incident) {
  if (incident.state === "acknowledged") return `acknowledged by ${incident.acknowledged_by ?? "somebody"}`;
  if (incident.state === "snoozed") return `snoozed until ${moment(incident.snoozed_until)}`;
  return incident.state;
}

export function Topics({ page, q = "" }) {
  if (!page.topics.length && q) return h(Empty, { title: "No such topic" }, "No name or id has all of these words.");
  if (!page.topics.length) return h(Empty, { title: "No topics yet" }, "Those of config/topics/ appear with the first run of the DAGs, or of “wirewatch check --publish”.");
  const day = (topic) => href("articles", null, { topics: topic.id, since: page.since, counted: 1 });
  return h(
    Box,
    { overflowX: "auto", borderWidth: "1px", borderColor: "border", borderRadius: "lg" },
    h(
      Table.Root,
      { size: "sm", variant: "line", css: { "& td, & th": { paddingBlock: "8px" }, "& tr:last-of-type td": { borderBottomWidth: 0 } } },
      h(
        Table.Header,
        null,
        h(
          Table.Row,
          { bg: { base: "gray.50", _dark: "transparent" } },
          h(Table.ColumnHeader, { scope: "col" }, "Topic"),
          h(Table.ColumnHeader, { scope: "col", display: { base: "none", sm: "table-cell" } }, "Seven days"),
          h(Table.ColumnHeader, { scope: "col", textAlign: "end", whiteSpace: "nowrap", title: "Stories in the last 24 hours" }, "24 h"),
          h(Table.ColumnHeader, { scope: "col", textAlign: "end", title: "Stories in 24 hours, the average of up to four weeks before" }, "Usual"),
          h(Table.ColumnHeader, { scope: "col", display: { base: "none", md: "table-cell" } }, "State"),
        ),
      ),
      h(
        Table.Body,
        null,
        page.topics.map((topic) =>
          h(
            Table.Row,
            { key: topic.id, bg: "transparent" },
            h(
              Table.Cell,
              { minW: "9rem" },
              h(Flex, { align: "center", gap: 2 }, h(Box, { display: { md: "none" } }, dot(topic.state)), h(To, { href: href("topics", topic.id), fontWeight: "medium", textDecorationColor: "transparent" }, topic.name)),
            ),
            h(Table.Cell, { display: { base: "none", sm: "table-cell" }, py: "4px" }, h(Spark, { bars: topic.bars, hot: topic.state === "spiking", label: `Stories of seven days: ${topic.bars.reduce((sum, each) => sum + each, 0)} in all` })),
            h(
              Table.Cell,
              { textAlign: "end", fontVariantNumeric: "tabular-nums", fontWeight: topic.incident ? "semibold" : "normal" },
              topic.stories ? h(To, { href: day(topic), "aria-label": `${counted(topic.stories, "story", "stories")} on ${topic.name} in 24 hours`, title: `${counted(topic.articles, "article")}` }, number(topic.stories)) : h(Box, { as: "span", color: "fg.muted" }, "0"),
            ),
            h(Table.Cell, { textAlign: "end", color: "fg.muted", fontVariantNumeric: "tabular-nums" }, topic.usual === null ? short(topic.usual) : h(To, { href: href("topics", topic.id), textDecorationColor: "transparent", "aria-label": `${short(topic.usual)} usual for ${topic.name}: its hours` }, short(topic.usual))),
            h(Table.Cell, { display: { base: "none", md: "table-cell" }, whiteSpace: "nowrap" }, topic.incident ? h("a", { href: href("incidents", topic.incident) }, h(Tag, { kind: topic.state })) : h(Flex, { align: "center", gap: 2, color: "fg.muted", title: EXPLAINED[topic.state] }, dot(topic.state), topic.state)),
          ),
        ),
      ),
    ),
  );
}

const EXPLAINED = {
  calm: "No more than is usual",
  learning: "Not watched for long enough to say what is usual",
  unseen: "Looks calm, but too little of the coverage is seen",
};
