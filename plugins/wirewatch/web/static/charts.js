// Charts, drawn by hand as SVG. Each says in words what it shows.

import { Box, Flex, color, h, useEffect, useMemo, useRef, useState } from "./core.js";
import { clock, country, day, language, moment, number, zone } from "./format.js";
import { HIDDEN } from "./parts.js";
import { go, href } from "./route.js";

const SEEN = 0.5;
const HOUR = 3600_000;

function shapes(bars, from, to, step, top, height) {
  let drawn = "";
  for (let at = from; at < to; at += 1) {
    const tall = bars[at] ? Math.max(2, (bars[at] / top) * (height - 3)) : 0;
    if (tall) drawn += `M${(at * step + 0.5).toFixed(1)},${height - 1}v${-tall.toFixed(1)}h${(step - 1.2).toFixed(1)}V${height - 1}z`;
  }
  return drawn;
}

// Small bars; the recent ones stand out.
export function Spark({ bars, recent = 4, hot = false, width = 132, height = 30, label }) {
  const top = Math.max(...bars, 4);
  const step = width / bars.length;
  return h(
    "svg",
    { role: "img", "aria-label": label, width, height, viewBox: `0 0 ${width} ${height}`, style: { display: "block", maxWidth: "100%" } },
    h("line", { x1: 0, x2: width, y1: height - 0.5, y2: height - 0.5, stroke: color("border.emphasized") }),
    // Two shapes, and not one for every bar: a page shows a hundred of these.
    [
      ["old", 0, bars.length - recent, color("gray.400")],
      ["new", bars.length - recent, bars.length, color(hot ? "red.500" : "blue.500")],
    ].map(([name, from, to, fill]) => to > from && h("path", { key: name, d: shapes(bars, from, to, step, top, height), fill })),
  );
}

function useWidth(least = 180) {
  const ref = useRef(null);
  const [width, set] = useState(0);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => set(Math.max(least, Math.floor(entry.contentRect.width))));
    if (ref.current) watch.observe(ref.current);
    return () => watch.disconnect();
  }, [least]);
  return [ref, width];
}

// Even, so that half of it is a whole number too.
const niceTop = (value) => [4, 6, 8, 10, 12, 16, 20, 24, 30, 40, 50, 60, 80, 100].find((each) => each >= value) ?? Math.ceil(value / 50) * 50;

function ticks(hours, room) {
  const step = [1, 2, 3, 6, 12, 24, 48, 96, 168].find((each) => hours.length / each <= room) ?? 336;
  let last = "";
  return hours.flatMap((hour, at) => {
    const date = new Date(hour.at);
    const count = step > 24 ? Math.floor(date.getTime() / HOUR - date.getTimezoneOffset() / 60) : date.getHours();
    if (count % step) return [];
    const name = day(date);
    const text = name === last && step < 24 ? clock(date) : name;
    last = name;
    return [{ at, text }];
  });
}

export function describeHours(hours) {
  if (!hours.length) return "No hours yet.";
  const peak = hours.reduce((best, hour) => (hour.stories > best.stories ? hour : best), hours[0]);
  const usual = peak.expected === null ? "" : `, where ${number(peak.expected)} was expected`;
  return `Stories an hour from ${moment(hours[0].at)} to ${moment(hours.at(-1).at)}: most were ${peak.stories}, at ${moment(peak.at)}${usual}.`;
}

const hourText = (hour) =>
  `${moment(hour.at)}: ${hour.stories} ${hour.stories === 1 ? "story" : "stories"}` +
  (hour.expected === null ? "" : `, ${number(hour.expected)} expected`) +
  (hour.upper === null ? "" : `, up to ${number(hour.upper)} would not surprise`) +
  (hour.coverage !== null && hour.coverage < SEEN ? `; only ${Math.round(hour.coverage * 100)}% of coverage was seen` : "");

const MARKS = { opened: "red.500", escalated: "red.500", reopened: "red.500", acknowledged: "blue.500", snoozed: "purple.500", closed: "gray.500", calmed: "gray.500" };

const ofHour = (topic, hour) => ({ topics: topic, since: hour.at, until: new Date(Date.parse(hour.at) + HOUR).toISOString(), counted: 1 });

// What was seen, hour by hour, against what was expected; red since `began`, with what happened marked above. An hour leads to its articles.
export function Hours({ hours, began = null, ended = null, events = [], topic = null, height = 220 }) {
  const [ref, width] = useWidth();
  const [pointed, point] = useState(null);
  const left = 28;
  const bottom = 28;
  const inner = Math.max(1, width - left - 4);
  const tall = height - bottom - 14;
  const step = inner / Math.max(1, hours.length);
  const top = niceTop(Math.max(1, ...hours.map((hour) => Math.max(hour.stories, hour.upper ?? 0))));
  const y = (value) => 14 + tall - (Math.min(value, top) / top) * tall;
  const x = (at) => left + at * step;
  const start = began ? new Date(began).getTime() - (new Date(began).getTime() % HOUR) : Infinity;
  const end = ended ? new Date(ended).getTime() : Infinity;
  const place = (at) => left + ((new Date(at).getTime() - new Date(hours[0].at).getTime()) / HOUR) * step;
  const shape = useMemo(() => steps(hours, (hour) => hour.upper), [hours]);
  const middle = useMemo(() => steps(hours, (hour) => hour.expected), [hours]);
  if (!hours.length) return null;
  const draw = (run, value) => run.map(([at, hour]) => `${x(at)},${y(value(hour))} ${x(at + 1)},${y(value(hour))}`).join(" ");
  const told = pointed === null ? null : hours[pointed];
  const grid = [0, top / 2, top];
  const marks = events.filter((each) => MARKS[each.what] && new Date(each.at) >= new Date(hours[0].at) && place(each.at) <= width);
  const follow = (event) => {
    const at = Math.floor((event.clientX - event.currentTarget.getBoundingClientRect().left - left) / step);
    point(at >= 0 && at < hours.length ? at : null);
  };
  return h(
    Box,
    { ref, w: "100%" },
    width > 0 &&
      h(
        "svg",
        { role: "img", "aria-label": describeHours(hours), width, height, viewBox: `0 0 ${width} ${height}`, style: { display: "block", maxWidth: "100%", touchAction: "pan-y", cursor: topic && told?.stories ? "pointer" : undefined }, onPointerMove: follow, onPointerDown: follow, onPointerLeave: () => point(null), onClick: () => topic && told?.stories && go("articles", null, ofHour(topic, told)) },
        grid.map((value) =>
          h(
            "g",
            { key: value },
            h("line", { x1: left, x2: width, y1: y(value), y2: y(value), stroke: color("border"), strokeWidth: 1 }),
            h("text", { x: left - 6, y: y(value) + 3.5, textAnchor: "end", fill: color("fg.muted"), style: { fontSize: 11 } }, value),
          ),
        ),
        unseen(hours).map(([from, to]) =>
          h("rect", { key: `u${from}`, x: x(from), y: 14, width: (to - from) * step, height: tall, fill: color("orange.500"), opacity: 0.12 }),
        ),
        shape.map((run) => h("polygon", { key: `b${run[0][0]}`, points: `${x(run[0][0])},${y(0)} ${draw(run, (hour) => hour.upper)} ${x(run.at(-1)[0] + 1)},${y(0)}`, fill: color("gray.500"), opacity: 0.18 })),
        hours.map((hour, at) => {
          if (!hour.stories) return null;
          const time = new Date(hour.at).getTime();
          const gap = step > 6 ? 1 : step > 3 ? 0.5 : 0;
          return h("rect", { key: at, x: x(at) + gap, y: y(hour.stories), width: Math.max(1, step - 2 * gap), height: y(0) - y(hour.stories), rx: step > 8 ? 2 : 0, fill: color(time >= start && time <= end ? "red.500" : "blue.400"), opacity: pointed === at ? 0.75 : 1 });
        }),
        middle.map((run) => h("polyline", { key: `m${run[0][0]}`, points: draw(run, (hour) => hour.expected), fill: "none", stroke: color("fg.muted"), strokeWidth: 1.25, strokeDasharray: "3 3" })),
        began &&
          h(
            "g",
            null,
            h("line", { x1: place(began), x2: place(began), y1: 4, y2: y(0), stroke: color("red.500"), strokeWidth: 1.25 }),
            h("text", { x: place(began) + (place(began) > width * 0.8 ? -5 : 5), textAnchor: place(began) > width * 0.8 ? "end" : "start", y: 12, fill: color("red.500"), style: { fontSize: 11, fontWeight: 600 } }, "began"),
          ),
        marks.map((each, at) => h("path", { key: `e${at}`, d: `M${place(each.at)},${y(0) + 1}l-4.5,7h9z`, fill: color(MARKS[each.what]), stroke: color("bg") }, h("title", null, `${each.what} by ${each.who}, ${moment(each.at)}`))),
        ticks(hours, Math.max(3, Math.floor(inner / 62))).map(({ at, text }) =>
          h("text", { key: at, x: Math.min(x(at), width), textAnchor: x(at) > width - 44 ? "end" : "start", y: height - 6, fill: color("fg.muted"), style: { fontSize: 11 } }, text),
        ),
      ),
    h(
      Flex,
      { "aria-hidden": true, fontSize: "xs", color: "fg.muted", columnGap: 4, rowGap: 0, wrap: "wrap", minH: "1.5em", mt: 1, align: "center" },
      told
        ? hourText(told)
        : [
            key(color("blue.400"), "stories an hour"),
            began && key(color("red.500"), "since it began"),
            shape.length > 0 && key(color("gray.500"), "usual range", 0.3),
            middle.length > 0 && h("span", { key: "e" }, "┄ expected"),
            unseen(hours).length > 0 && key(color("orange.500"), "not seen", 0.25),
            marks.length > 0 && h("span", { key: "m" }, "▲ ", [...new Set(marks.map((each) => each.what).reverse())].join(", ")),
            h(Box, { as: "span", key: "z", ml: "auto" }, zone()),
          ],
    ),
  );
}

const key = (fill, text, opacity = 1) =>
  h(
    Flex,
    { as: "span", key: text, align: "center", gap: 1.5 },
    h("span", { style: { width: 10, height: 10, borderRadius: 2, background: fill, opacity, display: "inline-block" } }),
    text,
  );

// Runs of neighbouring hours where a value is known; none where it is known of too few: scattered bits say nothing.
function steps(hours, value) {
  const runs = [];
  if (hours.filter((hour) => value(hour) !== null).length < hours.length * 0.6) return runs;
  hours.forEach((hour, at) => {
    if (value(hour) === null || value(hour) === undefined) return;
    if (runs.length && runs.at(-1).at(-1)[0] === at - 1) runs.at(-1).push([at, hour]);
    else runs.push([[at, hour]]);
  });
  return runs;
}

function unseen(hours) {
  const runs = [];
  hours.forEach((hour, at) => {
    if (hour.coverage === null || hour.coverage >= SEEN) return;
    if (runs.length && runs.at(-1)[1] === at) runs.at(-1)[1] = at + 1;
    else runs.push([at, at + 1]);
  });
  return runs;
}

// How it spread: every article a dot in time, a row for each language or country, copies tied to the first of their story.
export function Spread({ dots, by = "language", began }) {
  const [ref, width] = useWidth();
  const rows = useMemo(() => {
    const sizes = new Map();
    dots.forEach((each) => sizes.set(each[by] ?? "", (sizes.get(each[by] ?? "") ?? 0) + 1));
    return [...sizes].sort((a, b) => b[1] - a[1]).map(([name]) => name);
  }, [dots, by]);
  if (!dots.length) return null;
  const nameOf = by === "language" ? language : country;
  const left = width < 480 ? 84 : 120;
  const rowHeight = 30;
  const height = rows.length * rowHeight + 24;
  const times = dots.map((each) => new Date(each.at).getTime());
  const first = Math.min(...times, new Date(began).getTime());
  const last = Math.max(...times, first + HOUR);
  const x = (at) => left + 8 + ((new Date(at).getTime() - first) / (last - first)) * (width - left - 20);
  const places = dots.map((each, at) => ({ ...each, x: x(each.at), y: rows.indexOf(each[by] ?? "") * rowHeight + 15 + ((at % 3) - 1) * 5 }));
  const origins = new Map();
  places.forEach((each) => each.story && !origins.has(each.story) && origins.set(each.story, each));
  const origin = (each) => (each.story ? origins.get(each.story) : each);
  return h(
    Box,
    { ref, w: "100%" },
    width > 0 &&
      h(
        "svg",
        { role: "group", "aria-label": `${dots.length} articles in time, by ${by}`, width, height, viewBox: `0 0 ${width} ${height}`, style: { display: "block", maxWidth: "100%" } },
        rows.map((name, at) =>
          h(
            "g",
            { key: name },
            h("line", { x1: left, x2: width, y1: (at + 1) * rowHeight, y2: (at + 1) * rowHeight, stroke: color("border.muted") }),
            h("text", { x: left - 8, y: at * rowHeight + 19, textAnchor: "end", fill: color("fg.muted"), style: { fontSize: 12 } }, (nameOf(name) || "not known").slice(0, 18)),
          ),
        ),
        places.map((each, at) => (origin(each) === each ? null : h("line", { key: `l${at}`, x1: origin(each).x, y1: origin(each).y, x2: each.x, y2: each.y, stroke: color("gray.500"), opacity: 0.35 }))),
        places.map((each, at) => {
          const copy = origin(each) !== each;
          const text = `${each.publisher}, ${moment(each.at)}: ${each.title}${copy ? ` (copies ${origin(each).publisher})` : ""}`;
          return h(
            "a",
            { key: at, href: href("articles", each.article), "aria-label": text },
            h("title", null, text),
            h("circle", { cx: each.x, cy: each.y, r: 9, fill: "transparent" }),
            h("circle", { cx: each.x, cy: each.y, r: copy ? 3.5 : 5, fill: copy ? color("bg") : color("blue.500"), stroke: color("blue.500"), strokeWidth: 1.5 }),
          );
        }),
        h("text", { x: left + 8, y: height - 6, fill: color("fg.muted"), style: { fontSize: 11 } }, moment(first)),
        h("text", { x: width - 4, y: height - 6, textAnchor: "end", fill: color("fg.muted"), style: { fontSize: 11 } }, sameDay(first, last) ? clock(last) : moment(last)),
      ),
    h(
      Flex,
      { fontSize: "xs", color: "fg.muted", gap: 4, mt: 1, wrap: "wrap" },
      h("span", null, "● a report of its own"),
      h("span", null, "○ a copy, tied to the first of its story"),
    ),
  );
}

const sameDay = (one, other) => day(one) === day(other);

// The hours as a table, for those who do not see the chart or want the numbers.
export function HourTable({ hours, topic = null }) {
  const told = hours.filter((hour) => hour.stories || hour.expected !== null).slice(-72).reverse();
  if (!told.length) return null;
  const cell = { padding: "2px 12px 2px 0", textAlign: "left", whiteSpace: "nowrap" };
  return h(
    Box,
    { as: "details", fontSize: "xs", color: "fg.muted", mt: 1 },
    h("summary", { style: { cursor: "pointer" } }, "As a table"),
    h(
      Box,
      { maxH: "16rem", overflow: "auto", mt: 2, tabIndex: 0, role: "region", "aria-label": "Hours as a table" },
      h(
        "table",
        null,
        h("caption", { style: HIDDEN }, "Stories an hour, the latest first"),
        h("thead", null, h("tr", null, ["Hour", "Stories", "Expected", "Usual up to"].map((name) => h("th", { key: name, scope: "col", style: cell }, name)))),
        h("tbody", null, told.map((hour) => h("tr", { key: hour.at }, h("td", { style: cell }, moment(hour.at)), h("td", { style: cell }, topic && hour.stories ? h("a", { href: href("articles", null, ofHour(topic, hour)), style: { textDecoration: "underline" } }, hour.stories) : hour.stories), h("td", { style: cell }, number(hour.expected)), h("td", { style: cell }, number(hour.upper))))),
      ),
    ),
  );
}
