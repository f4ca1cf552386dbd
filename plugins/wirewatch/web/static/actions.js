// What people do about an incident. A link in a mail opens a form; only its button does something.

import { Box, Button, Flex, Input, Stack, Text, Textarea, h, useEffect, useRef, useState } from "./core.js";
import { ask } from "./api.js";
import { inputTime } from "./format.js";
import { Choice } from "./incidents.js";
import { Notice } from "./parts.js";
import { path } from "./places.js";

const HOUR = 3600_000;

function morning() {
  const date = new Date(Date.now() + 24 * HOUR);
  date.setHours(8, 0, 0, 0);
  return date;
}

const FORMS = {
  ack: { button: "Acknowledge", title: "Acknowledge: you have it in hand", confirm: "Acknowledge", done: "Acknowledged. Nobody is told again unless it escalates." },
  snooze: { button: "Snooze…", title: "Snooze: nobody is told until then, unless it escalates", confirm: "Snooze", done: "Snoozed." },
  close: { button: "Close…", title: "Close: it stays closed until the topic has calmed", confirm: "Close", done: "Closed." },
  note: { button: "Note…", title: "Note: for everybody who looks at this incident", confirm: "Add the note", done: "The note is added." },
  reopen: { button: "Reopen", title: "Reopen", confirm: "Reopen", done: "Reopened." },
};
const OFFERED = { open: ["ack", "snooze", "close", "note"], acknowledged: ["snooze", "close", "note"], snoozed: ["ack", "snooze", "close", "note"], closed: ["reopen", "note"] };
const REASONS = [
  ["useful", "useful: worth the alert"],
  ["known", "known: we had it already"],
  ["false_alarm", "false alarm: nothing was going on"],
  ["data_fault", "data fault: a feed or rule misled it"],
];

export function Actions({ view, me, wanted, put }) {
  const offered = OFFERED[view.row.state] ?? [];
  const [open, show] = useState(offered.includes(wanted) ? wanted : null);
  const [said, say] = useState(null);
  const opener = useRef(null);
  useEffect(() => {
    if (offered.includes(wanted)) show(wanted);
  }, [wanted]);
  const already = wanted === "ack" && view.row.state === "acknowledged" && !said;
  const close = () => {
    show(null);
    opener.current?.focus();
  };
  if (me && !me.may_change) return h(Text, { fontSize: "sm", color: "fg.muted" }, "You may look but not change: that takes the permission to edit the DAG detect_spikes.");
  return h(
    Stack,
    { gap: 3 },
    h(
      Flex,
      { gap: 2, wrap: "wrap", role: "group", "aria-label": "What to do" },
      offered.map((what) =>
        h(
          Button,
          {
            key: what,
            size: "sm",
            variant: what === "ack" ? "solid" : "outline",
            colorPalette: what === "ack" ? "brand" : undefined,
            "aria-expanded": open === what,
            disabled: !me,
            onClick: (event) => {
              opener.current = event.currentTarget;
              say(null);
              show(open === what ? null : what);
            },
          },
          FORMS[what].button,
        ),
      ),
    ),
    h(Box, { "aria-live": "polite", _empty: { display: "none" } }, said && h(Notice, { tone: "info", role: undefined }, said), already && h(Notice, { tone: "info", role: undefined }, `It is acknowledged already, by ${view.row.acknowledged_by}.`)),
    open && me && h(Form, { key: open, what: open, id: view.row.id, close, put: (next, done) => { put(next); show(null); say(done); } }),
  );
}

function Form({ what, id, close, put }) {
  const text = FORMS[what];
  const [note, setNote] = useState("");
  const [reason, setReason] = useState("");
  const [until, setUntil] = useState(() => inputTime(Date.now() + 4 * HOUR));
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const ref = useRef(null);
  useEffect(() => ref.current?.querySelector("textarea, input, select")?.focus(), []);
  const send = async (event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      const moment = new Date(until);
      if (what === "snooze" && Number.isNaN(moment.getTime())) throw new Error("Until when? A date and time are needed.");
      if (what === "close" && !reason) throw new Error("Choose how it turned out: the next alerts learn from it.");
      const body = { what, note, ...(what === "snooze" ? { until: moment.toISOString() } : {}), ...(what === "close" ? { reason } : {}) };
      put(await ask(path("incidents", id), { method: "POST", body }), text.done);
    } catch (error) {
      setProblem(error.message);
      setBusy(false);
    }
  };
  const soon = [
    ["1 hour", () => new Date(Date.now() + HOUR)],
    ["4 hours", () => new Date(Date.now() + 4 * HOUR)],
    ["Tomorrow 08:00", morning],
  ];
  return h(
    Box,
    { as: "form", ref, onSubmit: send, onKeyDown: (event) => event.key === "Escape" && close(), borderWidth: "1px", borderColor: "border.emphasized", borderRadius: "lg", p: 4, maxW: "40rem", "aria-label": text.title },
    h(
      Stack,
      { gap: 3 },
      h(Text, { fontWeight: "medium", fontSize: "sm" }, text.title),
      what === "snooze" &&
        h(
          Flex,
          { gap: 2, wrap: "wrap", align: "center" },
          h(Input, { type: "datetime-local", "aria-label": "Until", size: "sm", w: "auto", value: until, required: true, onChange: (event) => setUntil(event.target.value) }),
          soon.map(([name, at]) => h(Button, { key: name, size: "xs", variant: "ghost", onClick: () => setUntil(inputTime(at())) }, name)),
        ),
      what === "close" && h(Choice, { label: "How it turned out", value: reason, options: [["", "How did it turn out?"], ...REASONS], onChange: setReason }),
      h(Textarea, { "aria-label": "Note", placeholder: what === "note" ? "What should others know?" : "Note (may stay empty)", size: "sm", rows: 2, maxLength: 2000, value: note, required: what === "note", onChange: (event) => setNote(event.target.value) }),
      problem && h(Notice, null, problem),
      h(
        Flex,
        { gap: 2 },
        h(Button, { type: "submit", size: "sm", colorPalette: "brand", loading: busy, disabled: busy }, text.confirm),
        h(Button, { size: "sm", variant: "ghost", onClick: close }, "Cancel"),
      ),
    ),
  );
}
