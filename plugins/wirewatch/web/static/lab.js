// The topic lab: rules written in YAML, checked as they are typed, tried, kept as drafts and published.

import { Box, Button, Flex, Grid, Input, Stack, Text, h, useEffect, useRef, useState } from "./core.js";
import { ask, trigger, useData } from "./api.js";
import { Editor, Faults } from "./editor.js";
import { counted } from "./format.js";
import { Card, Empty, Facts, Loaded, Notice, Section, Tag, Time, Title, To, Words, between } from "./parts.js";
import { asked, path } from "./places.js";
import { go, href } from "./route.js";
import { Trials } from "./trial.js";

const PAUSE_MS = 400;
const kept = (name) => `wirewatch.lab.${name}`;

export function LabList({ me, first }) {
  const found = useData(asked({ area: "lab" }));
  return h(
    Stack,
    { gap: 5 },
    h(
      Flex,
      { justify: "space-between", align: "end", gap: 3, wrap: "wrap" },
      h(Title, { first, sub: "Topics written on this page. Those of config/topics/ are changed there; here they can be tried." }, "Topic lab"),
      h(Button, { as: "a", href: href("lab", "new"), size: "sm", colorPalette: "brand" }, "New topic"),
    ),
    h(Loaded, { from: found }, ({ entries }) =>
      entries.length
        ? h(Stack, { as: "ul", gap: 3, listStyleType: "none" }, entries.map((entry) => h(Box, { as: "li", key: entry.key }, h(Row, { entry }))))
        : h(Empty, { title: "Nothing has been written here yet" }, me?.may_change ? "Begin with a new topic, or open one under Topics and take it into the lab." : "Topics that somebody drafts are listed here."),
    ),
  );
}

function Row({ entry }) {
  return h(
    Card,
    null,
    h(
      Flex,
      { justify: "space-between", gap: 3, wrap: "wrap", align: "baseline" },
      h(Flex, { gap: 2, align: "baseline", wrap: "wrap" }, h(To, { href: href("lab", entry.key), fontWeight: "medium" }, entry.topics[0]?.name.replace(/ \(draft\)$/, "") ?? entry.key), h(States, { entry })),
      h(Text, { fontSize: "sm", color: "fg.muted" }, between([entry.topics.length > 1 && counted(entry.topics.length, "topic"), entry.draft && h("span", null, `drafted by ${entry.draft.by} `, h(Time, { at: entry.draft.at })), entry.live && h("span", null, `published by ${entry.live.by} `, h(Time, { at: entry.live.at }))])),
    ),
    entry.left_out.length > 0 && h(Notice, { tone: "warning", mt: 2 }, "It has no effect: ", entry.left_out[0].message),
  );
}

const States = ({ entry }) => h(Flex, { as: "span", gap: 1.5 }, entry.live && h(Tag, { kind: "calm" }, "published"), entry.draft && h(Tag, { kind: "snoozed" }, entry.live ? "changed in a draft" : "draft"));

export function Lab({ id, query, me }) {
  return id === "new" ? h(New, { query, me }) : h(Existing, { id, query, me });
}

function New({ query, me }) {
  const topic = query.get("topic");
  const found = useData(asked({ area: "lab", id: "new", query }));
  const start = found.data;
  useEffect(() => {
    if (!start?.key) return;
    // It is on the page already: go on there, with what was to be added as unsaved.
    if (query.has("reject")) keep(start.key, start.yaml);
    go("lab", start.key, {}, { replace: true });
  }, [start]);
  return h(Loaded, { from: found, lines: 6 }, (data) =>
    data.key ? null : h(Bench, { name: null, saved: data.yaml, me, query, title: topic ? `Try ${topic}` : "New topic", note: data.from_file && h(Notice, { tone: "info" }, "This topic stands in ", h("code", null, data.from_file), ". Try changes here and download them for that file, or give it another id to keep it as a draft.") }),
  );
}

function Existing({ id, query, me }) {
  const found = useData(asked({ area: "lab", id }));
  return h(Loaded, { from: found, lines: 6 }, (entry) => h(Bench, { key: entry.key, name: entry.key, saved: entry.yaml, entry, put: found.put, me, query, title: entry.topics[0]?.name.replace(/ \(draft\)$/, "") ?? entry.key }));
}

function keep(name, text) {
  try {
    if (text === null) sessionStorage.removeItem(kept(name));
    else sessionStorage.setItem(kept(name), text);
  } catch {
    // Without storage a reload loses what is not saved, and nothing else.
  }
}

function Bench({ name, saved, entry = null, put, me, query, title, note = null }) {
  const store = name ?? "new";
  const [text, type] = useState(() => (name ? sessionStorage.getItem(kept(store)) : null) ?? saved);
  const [checked, setChecked] = useState(null);
  const [line, goTo] = useState(null);
  const area = useRef(null);
  // What is picked goes where the cursor is.
  const pick = (id) => {
    const { selectionStart: start, selectionEnd: end } = area.current;
    const put = `{concept: ${id}}`;
    type(text.slice(0, start) + put + text.slice(end));
    area.current.focus();
    requestAnimationFrame(() => area.current?.setSelectionRange(start + put.length, start + put.length));
  };
  const dirty = text !== saved;
  useEffect(() => keep(store, dirty && name ? text : null), [text, saved]);
  useChecked(text, name, setChecked);
  const fit = checked?.text === text && checked.fit;
  const usable = checked?.text === text && !checked.problems?.length;
  return h(
    Stack,
    { gap: 6 },
    h(
      Stack,
      { gap: 3 },
      h(Flex, { gap: 3, align: "baseline", wrap: "wrap" }, h(Title, { sub: h(To, { href: href("lab") }, "All of the topic lab") }, title), entry && h(States, { entry })),
      note,
      entry?.left_out.length > 0 && h(Notice, { tone: "warning" }, "It has no effect: ", entry.left_out.map((each) => each.message).join("; ")),
      dirty && entry && h(Text, { fontSize: "sm", color: "fg.warning" }, "Not saved yet. ", h(Button, { size: "2xs", variant: "ghost", onClick: () => type(saved) }, "Back to what is saved")),
    ),
    h(
      Grid,
      { templateColumns: { base: "minmax(0, 1fr)", lg: "minmax(0, 3fr) minmax(0, 2fr)" }, gap: { base: 5, lg: 8 }, alignItems: "start" },
      h(
        Stack,
        { gap: 3, minW: 0 },
        h(Editor, { area, value: text, onChange: type, faults: checked?.problems ?? [], goTo: line, label: "Rules in YAML" }),
        checked && h(Faults, { faults: checked.problems, warnings: checked.warnings, onGo: (at) => goTo({ line: at }) }),
        checked?.failed && h(Notice, null, checked.failed),
        h(Does, { name, text, entry, put, me, fit, usable, dirty }),
      ),
      h(Stack, { gap: 5, minW: 0, "aria-busy": checked?.text !== text }, checked && h(Outcome, { checked, onGo: (at) => goTo({ line: at }) }), h(Concepts, { pick })),
    ),
    h(Trials, { text, name, fit: checked?.text === text && checked.readable, id: query.get("trial"), me, onOrdered: (trial) => go("lab", name ?? "new", { ...Object.fromEntries(query), trial }, { replace: true }) }),
  );
}

// The text checked by the server whenever the typing pauses.
function useChecked(text, name, set) {
  const latest = useRef(text);
  useEffect(() => {
    latest.current = text;
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const found = await ask("lab/check", { method: "POST", body: { yaml: text, key: name }, signal: stop.signal });
        if (latest.current === text) set({ ...found, text });
      } catch (error) {
        if (!stop.signal.aborted) set({ text: null, fit: false, readable: false, problems: [], warnings: [], topics: [], examples: [], failed: error.message });
      }
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text, name]);
}

function Outcome({ checked, onGo }) {
  const wrong = checked.examples.filter((each) => !each.ok).length;
  if (!checked.readable) return h(Empty, { title: "Its examples run when it can be read" });
  return h(
    Stack,
    { gap: 5 },
    h(
      Section,
      { title: "Examples", side: h("span", { role: "status" }, wrong ? `${wrong} of ${counted(checked.examples.length, "example")} come${wrong === 1 ? "s" : ""} out wrong` : `all ${checked.examples.length} come out right`) },
      h(Stack, { as: "ul", gap: 2, listStyleType: "none" }, checked.examples.map((each, at) => h(Example, { key: at, example: each, onGo }))),
    ),
    h(
      Section,
      { title: counted(checked.topics.length, "topic") },
      h(Stack, { as: "ul", gap: 1, listStyleType: "none", fontSize: "sm" }, checked.topics.slice(0, 20).map((topic) => h("li", { key: topic.id }, h(Box, { as: "span", fontWeight: "medium" }, topic.name), h(Box, { as: "span", color: "fg.muted" }, " ", h("code", null, topic.id), topic.alert === "spike" ? ` alerts ${topic.notify.join(", ") || "nobody"} when it spikes` : ` (${topic.alert})`)))),
      checked.topics.length > 20 && h(Text, { fontSize: "sm", color: "fg.muted" }, `and ${checked.topics.length - 20} more`),
    ),
  );
}

const LISTED = 40;

// The concepts that rules may name, looked up when somebody asks.
function Concepts({ pick }) {
  const [open, show] = useState(false);
  return h(
    Box,
    { as: "details", fontSize: "sm", onToggle: (event) => show(event.currentTarget.open) },
    h("summary", { style: { cursor: "pointer" } }, "Concepts to name"),
    open && h(Picking, { pick }),
  );
}

function Picking({ pick }) {
  const found = useData(asked({ area: "lab" }));
  const [typed, type] = useState("");
  return h(Loaded, { from: found, lines: 1 }, ({ concepts, recipients }) => {
    const fitting = concepts.filter((each) => each.includes(typed.trim().toLowerCase()));
    return h(
      Stack,
      { gap: 2, mt: 2 },
      h(Input, { type: "search", "aria-label": "Find a concept", placeholder: "Find a concept", size: "xs", value: typed, onChange: (event) => type(event.target.value) }),
      h(Flex, { gap: 1.5, wrap: "wrap" }, fitting.slice(0, LISTED).map((each) => h(Button, { key: each, size: "2xs", variant: "outline", onClick: () => pick(each) }, each))),
      h(Text, { color: "fg.muted" }, fitting.length ? (fitting.length > LISTED ? `and ${fitting.length - LISTED} more` : null) : "No concept is called that. Phrases do without."),
      recipients.length > 0 && h(Text, { color: "fg.muted" }, "Who may be told (notify): ", recipients.join(", ")),
    );
  });
}

function Example({ example, onGo }) {
  const said = example.ok ? (example.matches ? "matches" : "is rejected") : example.matches ? (example.score === null ? "should match, but its rule does not hold" : "should match, but is only mentioned") : "should be rejected, but matches";
  return h(
    Card,
    { as: "li", p: 3, ...(example.ok ? {} : { borderColor: "red.emphasized" }) },
    h(
      Flex,
      { gap: 2, align: "baseline", fontSize: "sm" },
      h(Box, { as: "span", "aria-hidden": true, color: example.ok ? "fg.success" : "fg.error", fontWeight: "bold" }, example.ok ? "✓" : "✗"),
      h(
        Box,
        { minW: 0, flex: 1 },
        example.title.length > 0 && h(Words, { pieces: example.title }),
        example.text.length > 0 && h(Text, { lineClamp: 3, color: example.title.length ? "fg.muted" : undefined }, h(Words, { pieces: example.text })),
        h(Text, { color: example.ok ? "fg.muted" : "fg.error", fontSize: "xs", mt: 0.5 }, said, example.score !== null && ` · score ${example.score}`, example.topic && ` · ${example.topic}`),
      ),
      example.line && h(Button, { size: "2xs", variant: "ghost", onClick: () => onGo(example.line), "aria-label": `Go to line ${example.line}` }, `line ${example.line}`),
    ),
  );
}

function Does({ name, text, entry, put, me, fit, usable, dirty }) {
  const [busy, setBusy] = useState(null);
  const [said, say] = useState(null);
  const act = async (what, done, work) => {
    setBusy(what);
    say(null);
    try {
      await work();
      if (done) say(["info", done]);
    } catch (error) {
      say(["error", error.message]);
    }
    setBusy(null);
  };
  const decide = (what) => ask(path("lab/entries", name) + `/${what}`, { method: "POST", body: {} });
  const save = () =>
    act("save", "The draft is saved: it tags and counts new articles, and alerts nobody.", async () => {
      if (name) {
        put(await ask(path("lab/entries", name), { method: "PUT", body: { yaml: text, over: (entry.draft ?? entry.live).at } }));
      } else {
        const made = await ask("lab/entries", { method: "POST", body: { yaml: text } });
        go("lab", made.key);
      }
    });
  const button = (what, label, disabled, onClick, more = {}) => h(Button, { key: what, size: "sm", variant: "outline", loading: busy === what, disabled: disabled || busy !== null, onClick, ...more }, label);
  const download = () => {
    const at = URL.createObjectURL(new Blob([text], { type: "application/yaml" }));
    const link = Object.assign(document.createElement("a"), { href: at, download: `${name ?? "topic"}.yaml` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(at), 1000);
  };
  const retag = () => act("retag", "Airflow tags the stored articles anew; numbers follow with the next detection.", () => trigger("retag", {}));
  return h(
    Stack,
    { gap: 3 },
    h(
      Flex,
      { gap: 2, wrap: "wrap", role: "group", "aria-label": "What to do" },
      me?.may_change && button("save", "Save as draft", !usable || (entry && !dirty), save, { variant: "solid", colorPalette: "brand" }),
      me?.may_publish && entry?.draft && button("publish", "Publish", !fit || dirty, () => act("publish", "Published: it alerts from now on.", async () => put(await decide("publish"))), { title: dirty ? "Save it first" : fit ? undefined : "All its examples must come out right" }),
      me?.may_publish && entry?.live && button("withdraw", "Withdraw", false, () => act("withdraw", "It is a draft again, and alerts nobody.", async () => put(await decide("withdraw")))),
      me?.may_change && entry && button("retag", "Tag stored articles", dirty, retag),
      button("download", "Download YAML", false, download),
      me?.may_change && entry?.draft && h(Discard, { entry, busy: busy !== null, go: () => act("discard", entry.live ? "The draft is gone; what is published stays." : null, async () => { const left = await decide("discard"); keep(name, null); if (left) put(left); else go("lab"); }) }),
    ),
    h(Box, { "aria-live": "polite", _empty: { display: "none" } }, said && h(Notice, { tone: said[0] }, said[1])),
    me && !me.may_change && h(Text, { fontSize: "sm", color: "fg.muted" }, "You may try rules by their examples; drafts take the permission to edit the DAG detect_spikes."),
    me?.may_change && !me.may_publish && entry?.draft && h(Text, { fontSize: "sm", color: "fg.muted" }, "Publishing takes the permission to edit Airflow's variables."),
    entry?.topics.length > 0 && h(Facts, { rows: [["In effect", between(entry.topics.slice(0, 12).map((topic) => h(To, { href: href("topics", topic.id) }, topic.name)), ", ")]] }),
  );
}

// Asks once more: what is discarded is gone from the page (the audit keeps it).
function Discard({ entry, busy, go: work }) {
  const [sure, ask] = useState(false);
  if (!sure) return h(Button, { size: "sm", variant: "ghost", disabled: busy, onClick: () => ask(true) }, "Discard the draft");
  return h(
    Flex,
    { gap: 2, align: "center" },
    h(Button, { size: "sm", colorPalette: "red", disabled: busy, autoFocus: true, onClick: () => { ask(false); work(); } }, entry.live ? "Discard the changes" : "Discard it for good"),
    h(Button, { size: "sm", variant: "ghost", onClick: () => ask(false) }, "Keep it"),
  );
}
