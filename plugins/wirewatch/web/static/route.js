// Where we are, kept in the address's fragment, so that links from mails, reload, back and forward all work.

import { useEffect, useState } from "./core.js";
import { parse } from "./places.js";

// Airflow's document has a <base>, so "#/x" alone would lead to its home page.
export function href(area, id = null, query = {}) {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of [value].flat()) if (each !== null && each !== undefined && each !== "" && each !== false) given.append(name, each);
  }
  const path = [area, id].filter((part) => part !== null).map(encodeURIComponent).join("/");
  const text = given.toString();
  return `${location.pathname}${location.search}#/${path === "overview" ? "" : path}${text ? `?${text}` : ""}`;
}

export function go(area, id = null, query = {}, { replace = false } = {}) {
  const to = href(area, id, query);
  if (replace) {
    history.replaceState(history.state, "", to);
    globalThis.dispatchEvent(new Event("hashchange"));
  } else {
    location.hash = to.slice(to.indexOf("#"));
  }
}

export function useRoute() {
  const [fragment, set] = useState(location.hash);
  useEffect(() => {
    const follow = () => set(location.hash);
    for (const event of ["hashchange", "popstate"]) globalThis.addEventListener(event, follow);
    return () => ["hashchange", "popstate"].forEach((event) => globalThis.removeEventListener(event, follow));
  }, []);
  return parse(fragment);
}
