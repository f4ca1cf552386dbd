// What each place of the page asks the API for. No React in here: it is asked while Airflow's own interface still starts (ahead.js).

export const PAGE = { incidents: 50, topics: 50, articles: 25 };
export const MANY = ["topics", "publisher_name", "language", "country", "kind", "feeds", "source", "story_id", "status"];
export const ONE = ["q", "since", "until", "seen_since", "seen_until", "counted", "sort", "offset"];

export function parse(fragment) {
  const [path, query = ""] = fragment.replace(/^#?\/?/, "").split("?");
  const parts = path.split("/").filter(Boolean).map(decode);
  return { area: parts[0] ?? "overview", id: parts[1] ?? null, query: new URLSearchParams(query) };
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

// Ids hold slashes and hashes; the API takes a slash as it is.
export const path = (area, id) => `${area}/${id.split("/").map(encodeURIComponent).join("/")}`;

export const offsetOf = (query) => Number(query.get("offset") ?? 0) || 0;

// The filters of a search for articles.
export function read(query) {
  return Object.fromEntries([...MANY.map((name) => [name, query.getAll(name)]), ...ONE.map((name) => [name, query.get(name) ?? ""])]);
}

// "24h" and "7d" move with the clock; the API takes moments. Rounded, so that the same list is not asked for twice.
function moments(given) {
  const found = /^(\d+)([hd])$/.exec(given);
  if (!found) return given;
  const step = 60_000;
  const at = Math.floor(Date.now() / step) * step - Number(found[1]) * (found[2] === "h" ? 3600_000 : 86_400_000);
  return new Date(at).toISOString();
}

function articles(given) {
  const filters = read(given);
  const query = new URLSearchParams();
  MANY.forEach((name) => filters[name].forEach((value) => query.append(name, value)));
  ONE.forEach((name) => filters[name] && query.set(name, ["since", "until"].includes(name) ? moments(filters[name]) : filters[name]));
  if (filters.counted) query.set("counted", "true");
  if (!filters.sort && filters.q) query.set("sort", "best");
  query.set("limit", PAGE.articles);
  return `articles?${query}`;
}

function incidents(query) {
  const asked = new URLSearchParams({ offset: offsetOf(query), limit: PAGE.incidents });
  for (const name of ["state", "severity", "topic"]) if (query.get(name)) asked.set(name, query.get(name));
  return `incidents?${asked}`;
}

function start(query) {
  const asked = new URLSearchParams();
  for (const name of ["topic", "reject"]) if (query.get(name)) asked.set(name, query.get(name));
  return `lab/start?${asked}`;
}

const LISTS = {
  overview: () => "overview",
  incidents,
  topics: (query) => `topics?${new URLSearchParams({ q: query.get("q") ?? "", offset: offsetOf(query), limit: PAGE.topics })}`,
  articles,
  feeds: () => "feeds",
  lab: () => "lab",
};

// The path that a place needs above all; null where there is no such place.
export function asked({ area, id = null, query = new URLSearchParams() }) {
  if (!Object.hasOwn(LISTS, area)) return null;
  if (id === null || area === "overview") return LISTS[area](query);
  if (area === "lab") return id === "new" ? start(query) : path("lab/entries", id);
  return path(area, id);
}
