// Feeds: how each does, and pausing, resuming and polling it now.

import { Box, Button, Flex, Input, Stack, Table, Text, h, useState } from "./core.js";
import { ask, useData } from "./api.js";
import { counted, number } from "./format.js";
import { Choice } from "./incidents.js";
import { EVERY_MS } from "./overview.js";
import { Empty, Facts, Loaded, Notice, Out, Section, Tag, Time, Title, To } from "./parts.js";
import { asked, path } from "./places.js";
import { go, href } from "./route.js";

const HEALTH = {
  healthy: ["calm", "healthy"],
  quiet: ["learning", "quiet"],
  new: ["learning", "new"],
  empty: ["unseen", "empty"],
  failing: ["open", "failing"],
  retired: ["closed", "retired"],
  lying_304: ["unseen", "says unchanged, but is not"],
  overlap_lost: ["unseen", "polled too seldom"],
};
const ILL = ["failing", "retired", "lying_304", "overlap_lost"];
const SHOWN = 100;

export function Health({ feed }) {
  if (!feed.active && feed.health !== "retired") return h(Tag, { kind: "closed" }, "not in feeds.yaml");
  if (feed.paused) return h(Tag, { kind: "snoozed" }, "paused");
  const [kind, text] = HEALTH[feed.health] ?? ["closed", feed.health];
  return h(Tag, { kind }, text);
}

export function FeedList({ query, me, first }) {
  const show = query.get("show") ?? "";
  const [typed, type] = useState("");
  const found = useData(asked({ area: "feeds" }), { every: EVERY_MS });
  const wanted = {
    "": (feed) => feed.active || feed.health === "retired",
    ill: (feed) => ILL.includes(feed.health) && (feed.active || feed.health === "retired") && !feed.paused,
    paused: (feed) => feed.paused,
    gone: (feed) => !feed.active,
  };
  return h(
    Stack,
    { gap: 4 },
    h(
      Flex,
      { justify: "space-between", align: "end", gap: 3, wrap: "wrap" },
      h(Title, { first, sub: "Those that need a look come first. Feeds are listed in config/feeds.yaml." }, "Feeds"),
      h(
        Flex,
        { gap: 2, wrap: "wrap" },
        h(Input, { type: "search", "aria-label": "Find a feed", placeholder: "Find a feed", size: "sm", w: "14rem", value: typed, onChange: (event) => type(event.target.value) }),
        h(Choice, { label: "Which feeds", value: show, options: [["", "all that are polled"], ["ill", "in need of a look"], ["paused", "paused"], ["gone", "no longer listed"]], onChange: (value) => go("feeds", null, { show: value }) }),
      ),
    ),
    h(Loaded, { from: found }, (page) => {
      const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
      const feeds = page.feeds.filter((feed) => (wanted[show] ?? wanted[""])(feed) && words.every((word) => `${feed.name} ${feed.id} ${feed.url}`.toLowerCase().includes(word)));
      if (!feeds.length) return h(Empty, { title: page.total ? "No feed is like that" : "No feeds yet" }, page.total ? null : "They appear after the first run of poll_feeds.");
      return h(Stack, { gap: 3 }, h(FeedTable, { feeds: feeds.slice(0, SHOWN), since: page.since, me, reload: found.reload }), feeds.length > SHOWN && h(Text, { fontSize: "sm", color: "fg.muted" }, `${number(feeds.length - SHOWN)} more: narrow the search to see them.`));
    }),
  );
}

function FeedTable({ feeds, since }) {
  const wide = { base: "none", md: "table-cell" };
  return h(
    Box,
    { overflowX: "auto", borderWidth: "1px", borderColor: "border", borderRadius: "lg" },
    h(
      Table.Root,
      { size: "sm", css: { "& tr:last-of-type td": { borderBottomWidth: 0 } } },
      h(
        Table.Header,
        null,
        h(
          Table.Row,
          { bg: { base: "gray.50", _dark: "transparent" } },
          h(Table.ColumnHeader, { scope: "col" }, "Feed"),
          h(Table.ColumnHeader, { scope: "col" }, "Health"),
          h(Table.ColumnHeader, { scope: "col", textAlign: "end", whiteSpace: "nowrap", title: "Articles first seen in the last 24 hours" }, "24 h"),
          h(Table.ColumnHeader, { scope: "col", display: wide }, "Last polled"),
          h(Table.ColumnHeader, { scope: "col", display: wide }, "Last news"),
        ),
      ),
      h(
        Table.Body,
        null,
        feeds.map((feed) =>
          h(
            Table.Row,
            { key: feed.id, bg: "transparent" },
            h(Table.Cell, { minW: "10rem" }, h(To, { href: href("feeds", feed.id), fontWeight: "medium", textDecorationColor: "transparent" }, feed.name), feed.problem && !feed.paused && h(Text, { fontSize: "xs", color: "fg.muted", overflowWrap: "anywhere" }, feed.problem)),
            h(Table.Cell, null, h(Health, { feed })),
            h(Table.Cell, { textAlign: "end", fontVariantNumeric: "tabular-nums" }, feed.new ? h(To, { href: href("articles", null, { feeds: feed.id, seen_since: since }), "aria-label": `${counted(feed.new, "article")} of ${feed.name} in 24 hours` }, number(feed.new)) : h(Box, { as: "span", color: "fg.muted" }, "0")),
            h(Table.Cell, { display: wide, color: "fg.muted" }, h(Time, { at: feed.last_poll_at })),
            h(Table.Cell, { display: wide, color: "fg.muted" }, h(Time, { at: feed.last_new_at })),
          ),
        ),
      ),
    ),
  );
}

export function Feed({ id, me }) {
  const found = useData(asked({ area: "feeds", id }), { every: EVERY_MS });
  return h(Loaded, { from: found }, (view) => h(Shown, { view, me, put: found.put }));
}

// All of them, read or not.
const STATUSES = ["discovered", "ready", "partial", "duplicate", "failed"];
const brought = (feed, poll) => href("articles", null, { feeds: feed.id, seen_since: poll.at, seen_until: new Date(Date.parse(poll.at) + 1).toISOString(), status: STATUSES });

function Shown({ view, me, put }) {
  const { feed } = view;
  const [busy, setBusy] = useState(null);
  const [said, say] = useState(null);
  const act = async (what, done) => {
    setBusy(what);
    say(null);
    try {
      put(await ask(path("feeds", feed.id), { method: "POST", body: { what } }));
      say(["info", done]);
    } catch (error) {
      say(["error", error.message]);
    }
    setBusy(null);
  };
  const button = (what, label, done) => h(Button, { size: "sm", variant: "outline", loading: busy === what, disabled: busy !== null, onClick: () => act(what, done) }, label);
  return h(
    Stack,
    { gap: 6 },
    h(Stack, { gap: 2 }, h(Flex, { gap: 3, align: "baseline", wrap: "wrap" }, h(Title, null, feed.name), h(Health, { feed })), feed.problem && h(Text, { color: "fg.muted" }, feed.problem)),
    me?.may_change &&
      h(
        Flex,
        { gap: 2, role: "group", "aria-label": "What to do" },
        feed.paused ? button("resume", "Resume", "It will be polled again.") : button("pause", "Pause", "It will not be polled until it is resumed."),
        !feed.paused && !feed.due && button("poll_now", "Poll now", "It will be polled with the next run of poll_feeds."),
      ),
    h(Box, { "aria-live": "polite", _empty: { display: "none" } }, said && h(Notice, { tone: said[0] }, said[1])),
    h(Facts, {
      rows: [
        ["Address", h(Out, { href: feed.url }, feed.url)],
        view.configured_url && view.configured_url !== feed.url && ["Configured", h(Out, { href: view.configured_url }, view.configured_url)],
        ["24 hours", h(To, { href: href("articles", null, { feeds: feed.id, seen_since: view.since }) }, counted(feed.new, "article"))],
        ["Last polled", h("span", null, h(Time, { at: feed.last_poll_at }), feed.outcome ? `: ${feed.outcome.replaceAll("_", " ")}${feed.status ? ` (${feed.status})` : ""}` : "")],
        ["Last success", h(Time, { at: feed.last_success_at })],
        ["Last news", h(Time, { at: feed.last_new_at })],
        ["Next poll", feed.paused ? "when it is resumed" : feed.due ? "with the next run of poll_feeds" : feed.next_attempt_at ? h(Time, { at: feed.next_attempt_at }) : "never: it has been retired"],
        ["Rhythm", view.rate_per_h !== null && `${number(view.rate_per_h)} entries an hour, polled every ${number((feed.interval_s ?? 0) / 60)} min`],
        feed.failures > 0 && ["Failed", `${counted(feed.failures, "time")} in a row`],
        feed.paused && feed.by && ["Paused by", feed.by],
        ["Id", h("code", null, feed.id)],
      ],
    }),
    h(
      Section,
      { title: "Polls that brought something or failed" },
      view.polls.length
        ? h(
            Box,
            { overflowX: "auto", borderWidth: "1px", borderColor: "border", borderRadius: "lg" },
            h(
              Table.Root,
              { size: "sm", css: { "& tr:last-of-type td": { borderBottomWidth: 0 } } },
              h(Table.Header, null, h(Table.Row, { bg: { base: "gray.50", _dark: "transparent" } }, ["When", "Outcome", "New", "Entries", "Took"].map((name) => h(Table.ColumnHeader, { key: name, scope: "col" }, name)))),
              h(
                Table.Body,
                null,
                view.polls.map((poll, at) =>
                  h(Table.Row, { key: at, bg: "transparent" }, h(Table.Cell, null, h(Time, { at: poll.at })), h(Table.Cell, null, poll.outcome.replaceAll("_", " "), poll.problem && h(Text, { fontSize: "xs", color: "fg.muted", overflowWrap: "anywhere" }, poll.problem)), h(Table.Cell, null, poll.new ? h(To, { href: brought(feed, poll), "aria-label": `${counted(poll.new, "new article")} of this poll` }, number(poll.new)) : "0"), h(Table.Cell, null, number(poll.entries)), h(Table.Cell, { whiteSpace: "nowrap" }, `${(poll.elapsed_ms / 1000).toFixed(1)} s`)),
                ),
              ),
            ),
          )
        : h(Empty, { title: "None yet" }, "Polls that found nothing new are only counted."),
    ),
  );
}
