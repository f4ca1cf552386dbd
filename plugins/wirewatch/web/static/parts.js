// The pieces that all views are made of. Text from the news is only ever a text node, and a link only to http or https.

import { Badge, Box, Button, Flex, Heading, PALETTE, Skeleton, Stack, Text, color, h, useEffect, useRef, useState } from "./core.js";
import { exact, relative } from "./format.js";

// One clock for all relative times of the page.
const listeners = new Set();
setInterval(() => listeners.forEach((each) => each()), 20_000);

export function Time({ at, children = null, ...style }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const each = () => tick((n) => n + 1);
    listeners.add(each);
    return () => listeners.delete(each);
  }, []);
  if (!at) return h("span", null, "never");
  return h(Box, { as: "time", dateTime: at, title: exact(at), whiteSpace: "nowrap", ...style }, children ?? relative(at));
}

// A place inside the page.
export function To({ href, children, ...style }) {
  return h(
    Box,
    { as: "a", href, color: "inherit", textDecoration: "underline", textDecorationColor: "border.emphasized", textUnderlineOffset: "3px", _hover: { textDecorationColor: "currentColor" }, borderRadius: "2px", ...style },
    children,
  );
}

// A place outside: opened beside, told nothing of where it was opened from.
export function Out({ href, children, ...style }) {
  if (!/^https?:\/\//i.test(href ?? "")) return h(Box, { as: "span", ...style }, children);
  return h(
    Box,
    { as: "a", href, target: "_blank", rel: "noopener noreferrer", color: "inherit", _hover: { textDecoration: "underline" }, textUnderlineOffset: "3px", ...style },
    children,
    h(Box, { as: "span", "aria-hidden": true, color: "fg.muted", fontSize: "0.8em", ml: "1", userSelect: "none" }, "↗"),
    h("span", { style: HIDDEN }, " (opens in a new tab)"),
  );
}

export const HIDDEN = { position: "absolute", width: 1, height: 1, overflow: "hidden", clipPath: "inset(50%)", whiteSpace: "nowrap" };

// Pieces of text with what was looked for marked; in their own direction.
export function Words({ pieces, ...style }) {
  return h(
    Box,
    { as: "bdi", dir: "auto", overflowWrap: "anywhere", ...style },
    pieces.map((piece, at) =>
      piece.hit ? h(Box, { as: "mark", key: at, bg: "yellow.subtle", color: "fg", borderRadius: "2px" }, piece.text) : piece.text,
    ),
  );
}

export function Tag({ kind, children = null, ...more }) {
  return h(Badge, { colorPalette: PALETTE[kind] ?? "gray", variant: "subtle", size: "sm", textTransform: "none", ...more }, children ?? kind);
}

export function Card({ children, ...style }) {
  return h(Box, { borderWidth: "1px", borderColor: "border", borderRadius: "lg", p: { base: 3, md: 4 }, ...style }, children);
}

export function Section({ title, side = null, children, level = "h2", ...style }) {
  return h(
    Box,
    { as: "section", ...style },
    h(
      Flex,
      { align: "baseline", justify: "space-between", gap: 3, mb: 2, wrap: "wrap" },
      h(Heading, { as: level, fontSize: level === "h2" ? "md" : "sm", fontWeight: "semibold", letterSpacing: "-0.005em" }, title),
      side && h(Box, { fontSize: "sm", color: "fg.muted" }, side),
    ),
    children,
  );
}

// The heading of a view. It takes the focus when the view changes, so that keyboard and screen reader begin there.
export function Title({ children, sub = null, first = false }) {
  const ref = useRef(null);
  useEffect(() => {
    if (!first) ref.current?.focus({ preventScroll: true });
  }, [first]);
  return h(
    Box,
    { minW: 0 },
    h(Heading, { as: "h2", ref, tabIndex: -1, outline: "none", fontSize: { base: "xl", md: "2xl" }, fontWeight: "semibold", letterSpacing: "-0.015em", lineHeight: "1.2" }, children),
    sub && h(Box, { color: "fg.muted", fontSize: "sm", mt: 1 }, sub),
  );
}

export function Empty({ title, children }) {
  return h(
    Box,
    { borderWidth: "1px", borderStyle: "dashed", borderColor: "border.emphasized", borderRadius: "lg", px: 5, py: 6, textAlign: "center" },
    h(Text, { fontWeight: "medium" }, title),
    children && h(Text, { color: "fg.muted", fontSize: "sm", mt: 1, maxW: "60ch", mx: "auto" }, children),
  );
}

const TONES = { error: "red", warning: "orange", info: "blue" };

export function Notice({ tone = "error", children, action = null, ...more }) {
  return h(
    Flex,
    { role: tone === "error" ? "alert" : "status", colorPalette: TONES[tone], bg: "colorPalette.subtle", color: "colorPalette.fg", borderRadius: "md", px: 4, py: 3, gap: 3, align: "center", justify: "space-between", wrap: "wrap", fontSize: "sm", ...more },
    h(Box, { flex: "1 1 20rem" }, children),
    action,
  );
}

// What a view shows of its data: a skeleton at first, what went wrong, and otherwise the view (with what went wrong above it).
export function Loaded({ from, lines = 4, children }) {
  const retry = h(Button, { size: "xs", variant: "outline", onClick: from.reload }, "Try again");
  if (from.data) {
    return h(
      Stack,
      { gap: 4 },
      from.problem && h(Notice, { tone: "warning", action: retry }, from.problem.message, " Shown is what was known ", h(Time, { at: from.at?.toISOString() }), "."),
      children(from.data),
    );
  }
  if (from.problem) {
    return h(Notice, { action: from.problem.status === 404 ? null : retry }, from.problem.message);
  }
  return h(
    Stack,
    { gap: 3, "aria-busy": true },
    h("span", { role: "status", style: HIDDEN }, "Loading"),
    Array.from({ length: lines }, (_, at) => h(Skeleton, { key: at, height: at ? "56px" : "28px", maxW: at ? "100%" : "16rem" })),
  );
}

export function Facts({ rows }) {
  return h(
    Box,
    { as: "dl", display: "grid", gridTemplateColumns: { base: "1fr", sm: "minmax(5.5rem, auto) 1fr" }, columnGap: 4, rowGap: { base: 1, sm: 1.5 }, fontSize: "sm" },
    rows
      .filter((row) => row && row[1] !== null && row[1] !== undefined && row[1] !== "")
      .flatMap(([name, value]) => [
        h(Box, { as: "dt", key: `${name}-name`, color: "fg.muted", mt: { base: 1, sm: 0 } }, name),
        h(Box, { as: "dd", key: name, minW: 0, overflowWrap: "anywhere" }, value),
      ]),
  );
}

export const dot = (kind) => h(Box, { as: "span", "aria-hidden": true, display: "inline-block", w: "8px", h: "8px", borderRadius: "full", flexShrink: 0, style: { background: color(`${PALETTE[kind] ?? "gray"}.500`) } });

// Items with a separator between them, each in its own direction.
export const between = (items, mark = " · ") => items.filter(Boolean).flatMap((item, at) => [at ? mark : null, h("bdi", { key: at }, item)]);
