// Trials of rules: ordered here, run by Airflow, and what came of them.

import { Box, Button, Flex, Grid, Heading, Stack, Text, h, useEffect, useState } from "./core.js";
import { airflow, ask, runs, trigger } from "./api.js";
import { Spark } from "./charts.js";
import { counted, moment, number, span } from "./format.js";
import { Choice } from "./incidents.js";
import { Card, Empty, Notice, Section, Tag, Time, To, between } from "./parts.js";
import { href } from "./route.js";

const EVERY_MS = 1500;
const DAYS = [
  ["7", "last 7 days"],
  ["30", "last 30 days"],
  ["90", "last 90 days"],
];

export function Trials({ text, name, fit, id, me, onOrdered }) {
  const [days, choose] = useState("30");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const order = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const made = await ask("lab/trials", { method: "POST", body: { yaml: text, key: name, days: Number(days) } });
      onOrdered(made.id);
      await trigger(made.dag, { trial: made.id }, `trial-${made.id}`);
    } catch (error) {
      setProblem(error.message);
    }
    setBusy(false);
  };
  return h(
    Section,
    { title: "Try it on what is stored" },
    h(
      Stack,
      { gap: 4 },
      h(Text, { fontSize: "sm", color: "fg.muted" }, "Airflow reads the articles of those days again, by these rules as they stand above, and walks through the hours to find the alerts that they would have raised. Nothing is changed and nobody is told."),
      me?.may_change
        ? h(
            Flex,
            { gap: 2, wrap: "wrap", align: "center" },
            h(Choice, { label: "How far back", value: days, options: DAYS, onChange: choose }),
            h(Button, { size: "sm", variant: "outline", loading: busy, disabled: busy || !fit, onClick: order }, "Try it"),
            !fit && h(Text, { fontSize: "sm", color: "fg.muted" }, "What is wrong above comes first."),
          )
        : me && h(Text, { fontSize: "sm", color: "fg.muted" }, "Trials take the permission to edit the DAG detect_spikes."),
      problem && h(Notice, null, problem),
      id && h(Result, { key: id, id }),
    ),
  );
}

function Result({ id }) {
  const [trial, set] = useState(null);
  const [run, follow] = useState(null);
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    let stopped = false;
    let timer = null;
    let looks = 0;
    const look = async () => {
      try {
        const found = await ask(`lab/trials/${id}`);
        if (stopped) return;
        set(found);
        setProblem(null);
        if (found.state === "done") return;
        const state = await airflow(`dags/${found.dag}/dagRuns/trial-${id}`).catch(() => null);
        if (stopped) return;
        follow(state);
        if (state?.state === "failed") return;
      } catch (error) {
        if (stopped) return;
        setProblem(error.message);
        if (error.status === 404) return;
      }
      looks += 1;
      timer = setTimeout(look, looks > 20 ? 3 * EVERY_MS : EVERY_MS);
    };
    look();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [id]);
  if (problem && !trial) return h(Notice, null, problem);
  if (!trial) return null;
  if (trial.state === "done") return h(Found, { trial });
  const failed = run?.state === "failed" || trial.state === "failed";
  const place = h(To, { href: runs(trial.dag, `trial-${id}`) }, "its run");
  if (failed) return h(Notice, { tone: "error" }, "The trial failed", trial.problem ? `: ${trial.problem} ` : ". ", "Look at ", place, " in Airflow.");
  const said = trial.state === "running" ? "It is being tried" : run?.state === "queued" ? "It waits for a worker (is the DAG try_topics paused?)" : "It has been ordered";
  return h(Notice, { tone: "info" }, `${said}. You may go elsewhere and come back: the address of this page keeps it. See `, place, " in Airflow.");
}

function Found({ trial }) {
  const { result } = trial;
  return h(
    Stack,
    { gap: 4 },
    h(Text, { role: "status", fontSize: "sm", color: "fg.muted" }, h(To, { href: href("articles", null, { since: result.since, until: result.until }) }, counted(result.articles, "article")), ` read, from ${moment(result.since)} to ${moment(result.until)}; tried by ${trial.by} `, h(Time, { at: trial.at }), "."),
    !result.looked && h(Notice, { tone: "warning" }, "It is not known how much was seen in those days, so no alert can be said to have been right."),
    result.topics.map((topic) => h(OfTopic, { key: topic.id, topic, result })),
    result.more > 0 && h(Text, { fontSize: "sm", color: "fg.muted" }, `${number(result.more)} more topics are left out here.`),
  );
}

const MAILS = { each: "Every story would have been told.", digest: "It goes into digests only.", none: "It alerts nobody." };

function OfTopic({ topic, result }) {
  const days = Object.entries(topic.by_day);
  const bars = spread(result.since, result.until, topic.by_day);
  const each = topic.alerts_total / result.weeks;
  return h(
    Card,
    { as: "article", "aria-label": `Trial of ${topic.name}` },
    h(
      Stack,
      { gap: 3 },
      h(
        Flex,
        { justify: "space-between", gap: 4, wrap: "wrap", align: "start" },
        h(
          Box,
          { minW: 0 },
          h(Heading, { as: "h3", fontSize: "md", fontWeight: "semibold" }, topic.name),
          h(Text, { fontSize: "sm" }, `Would have matched ${counted(topic.articles, "article")} in ${counted(topic.stories, "story", "stories")}`, h(Box, { as: "span", color: "fg.muted" }, ` (${number(topic.gained)} not tagged with it now${topic.lost ? `, ${number(topic.lost)} tagged now and not then` : ""})`)),
        ),
        days.length > 0 && h(Spark, { bars, recent: 0, width: 200, height: 44, label: `Articles a day over ${bars.length} days, most ${Math.max(...bars)}` }),
      ),
      topic.alert === "spike"
        ? h(
            Stack,
            { gap: 2 },
            h(Text, { fontWeight: "medium", fontSize: "sm" }, topic.alerts_total ? `${counted(topic.alerts_total, "alert")}, ${each < 0.95 ? `one in ${counted(Math.round(1 / each), "week")}` : `${number(each)} a week`}, to ${topic.notify.join(", ") || "nobody: no recipient is named"}` : "No alert would have been raised."),
            h(Stack, { as: "ol", gap: 3, listStyleType: "none" }, topic.alerts.map((alert) => h(Alert, { key: alert.opened_at, alert }))),
          )
        : h(Text, { fontSize: "sm" }, MAILS[topic.alert]),
      topic.samples.length > 0 &&
        h(
          Grid,
          { templateColumns: { base: "minmax(0, 1fr)", lg: "minmax(0, 3fr) minmax(0, 1fr)" }, gap: 6 },
          h(
            Section,
            { title: "Latest that it would have matched", level: "h4" },
            h(Stack, { as: "ul", gap: 2, listStyleType: "none", fontSize: "sm" }, topic.samples.map((sample) => h("li", { key: sample.article }, h(To, { href: href("articles", sample.article) }, h("bdi", { dir: "auto" }, sample.title)), h(Box, { color: "fg.muted" }, between([sample.publisher, h(Time, { at: sample.at }), `score ${sample.score}`, sample.words.map((word) => `“${word}”`).join(", ")]))))),
          ),
          h(Section, { title: "By publisher", level: "h4" }, h(Stack, { as: "ul", gap: 1, listStyleType: "none", fontSize: "sm" }, topic.by_publisher.map(([name, count]) => h(Flex, { as: "li", key: name, justify: "space-between", gap: 3 }, h("bdi", null, name), h(Box, { as: "span", color: "fg.muted" }, number(count)))))),
        ),
    ),
  );
}

function Alert({ alert }) {
  const until = alert.closed_at ? `for ${span(alert.opened_at, alert.closed_at)}` : "still going on";
  const what = alert.series === "stories" ? "stories" : "publishers";
  return h(
    Box,
    { as: "li", borderLeftWidth: "2px", borderColor: "border.emphasized", pl: 3, fontSize: "sm" },
    h(Flex, { gap: 2, align: "center", wrap: "wrap" }, h(Tag, { kind: alert.severity }), h("span", null, moment(alert.opened_at), `, ${until}: ${number(alert.observed)} ${what} in ${counted(alert.window_h, "hour")} where ${number(alert.expected)} would be usual`)),
    h(Stack, { as: "ul", gap: 0.5, listStyleType: "none", mt: 1 }, alert.headlines.map((each) => h("li", { key: each.article }, h(To, { href: href("articles", each.article) }, h("bdi", { dir: "auto" }, each.title)), h(Box, { as: "span", color: "fg.muted" }, ` ${each.publisher}`)))),
  );
}

function spread(since, until, byDay) {
  const bars = [];
  for (let at = Date.parse(since.slice(0, 10)); at <= Date.parse(until); at += 86_400_000) bars.push(byDay[new Date(at).toISOString().slice(0, 10)] ?? 0);
  return bars;
}
