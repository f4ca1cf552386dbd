// The page's first questions, asked as soon as this module is there: Airflow takes a second to start, in which they are answered.

import { asked, parse } from "./places.js";

export const API = new URL("../../api/", import.meta.url);
export const PATIENCE_MS = 30_000;
const FRESH_MS = 15_000;
const early = new Map();

export const send = (where, { method = "GET", body, signal } = {}) =>
  fetch(where, {
    method,
    signal: AbortSignal.any([AbortSignal.timeout(PATIENCE_MS), ...(signal ? [signal] : [])]),
    credentials: "same-origin",
    headers: { Accept: "application/json", "X-Requested-With": "wirewatch", ...(body ? { "Content-Type": "application/json" } : {}) },
    body: body ? JSON.stringify(body) : undefined,
  });

// The answer that is on its way already, once; nothing where nobody asked, or too long ago.
export function taken(where) {
  const found = early.get(where.href);
  early.delete(where.href);
  return found && Date.now() - found.at < FRESH_MS ? found.answer : undefined;
}

for (const each of ["me", asked(parse(location.hash))].filter(Boolean)) {
  const where = new URL(each, API);
  const answer = send(where);
  answer.catch(() => {}); // whoever takes it says so
  early.set(where.href, { at: Date.now(), answer });
}
