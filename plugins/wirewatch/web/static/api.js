// Asking the API: with the login that Airflow's cookie carries, and with the header that marks a change as the page's own.

import { API, send, taken } from "./ahead.js";
import { useCallback, useEffect, useRef, useState } from "./core.js";

export class Problem extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

export const address = (where) => new URL(where, API).href;
export const ask = (where, options) => fetched(new URL(where, API), options);

// Airflow's own API, and the page of a run. Airflow's document has a <base>.
export const airflow = (where, options) => fetched(new URL(`api/v2/${where}`, document.baseURI), options);
export const runs = (dag, run) => new URL(`dags/${dag}/runs/${run}`, document.baseURI).pathname;

// Start a run of a DAG. SQLite is sometimes busy for a moment; a run that is there already is the one.
export async function trigger(dag, conf, id = undefined) {
  const body = { logical_date: null, conf, ...(id ? { dag_run_id: id } : {}) };
  for (let tried = 0; ; tried += 1) {
    try {
      return await airflow(`dags/${dag}/dagRuns`, { method: "POST", body });
    } catch (error) {
      if (error.status === 409 && id) return null;
      if (error.status === 403) throw new Problem(`You may not start the DAG ${dag}: that takes Airflow's permission to.`, 403);
      if (error.status === 404) throw new Problem(`Airflow does not know the DAG ${dag} yet.`, 404);
      if (error.status < 500 || tried >= 3) throw error;
      await new Promise((done) => setTimeout(done, 1000 * (tried + 1)));
    }
  }
}

async function fetched(where, options = {}) {
  const { method = "GET", signal } = options;
  let answer;
  try {
    answer = await ((method === "GET" && taken(where)) || send(where, options));
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem("Airflow does not answer. This page tries again by itself.", 0);
  }
  const found = await answer.json().catch(() => undefined);
  if (answer.ok && found !== undefined) return found;
  if (answer.status === 401) {
    const next = new URLSearchParams({ next: location.href });
    location.replace(new URL(`api/v2/auth/login?${next}`, document.baseURI));
  }
  const said = typeof found?.detail === "string" ? found.detail : `The server answered ${answer.status}.`;
  throw new Problem(answer.status === 401 ? "You are not logged in any more." : said, answer.status);
}

// The answer of a path, asked again every so often while the page is looked at. What was shown stays while asking and after an error.
export function useData(where, { every = 0 } = {}) {
  const [state, set] = useState({ where: null, data: null, problem: null, at: null });
  const [round, again] = useState(0);
  const latest = useRef(null);
  useEffect(() => {
    const stop = new AbortController();
    const load = async () => {
      latest.current = Date.now();
      try {
        const data = await ask(where, { signal: stop.signal });
        set({ where, data, problem: null, at: new Date() });
      } catch (problem) {
        if (!stop.signal.aborted) set((was) => ({ ...(was.where === where ? was : { data: null, at: null }), where, problem }));
      }
    };
    load();
    const due = () => document.visibilityState === "visible" && Date.now() - latest.current >= every && load();
    const timer = every ? setInterval(due, Math.min(every, 5000)) : null;
    if (every) document.addEventListener("visibilitychange", due);
    return () => {
      stop.abort();
      clearInterval(timer);
      document.removeEventListener("visibilitychange", due);
    };
  }, [where, every, round]);
  const put = useCallback((data) => set({ where, data, problem: null, at: new Date() }), [where]);
  const mine = state.where === where;
  return {
    data: mine ? state.data : null,
    before: state.data,
    problem: mine ? state.problem : null,
    at: state.at,
    put,
    reload: useCallback(() => again((n) => n + 1), []),
  };
}
