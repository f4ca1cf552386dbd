// Numbers, times and names as people write them.

const UNITS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];
const names = { language: displayNames("language"), region: displayNames("region") };

function displayNames(type) {
  try {
    return new Intl.DisplayNames(["en"], { type });
  } catch {
    return null;
  }
}

function named(kind, code) {
  try {
    return names[kind]?.of(code) ?? code;
  } catch {
    return code;
  }
}

export const language = (code) => (code ? named("language", code) : "");
export const country = (code) => (code ? named("region", code) : "");

export function number(value) {
  if (value === null || value === undefined) return "–";
  if (value > 0 && value < 0.05) return "almost none";
  if (value < 10 && Math.round(value * 10) % 10) return value.toFixed(1);
  return Math.round(value).toLocaleString("en");
}

// For columns.
export const short = (value) => (value !== null && value > 0 && value < 0.05 ? "<0.1" : number(value));

export const counted = (value, one, many = `${one}s`) => `${number(value)} ${Math.round(value * 10) === 10 ? one : many}`;

export const percent = (share) => `${Math.round(share * 100)}%`;

export function relative(at, now = Date.now()) {
  const seconds = (new Date(at).getTime() - now) / 1000;
  const size = Math.abs(seconds);
  if (size < 45) return "just now";
  const [unit, length] = UNITS.find(([, each]) => size >= each * 0.95) ?? UNITS[2];
  const amount = Math.max(1, Math.round(size / length));
  const words = `${amount} ${unit === "minute" ? "min" : unit}${unit !== "minute" && amount > 1 ? "s" : ""}`;
  return seconds < 0 ? `${words} ago` : `in ${words}`;
}

export function span(from, to) {
  const minutes = Math.max(1, Math.round((new Date(to) - new Date(from)) / 60000));
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return counted(Math.round(minutes / 60), "hour");
  return counted(Math.round(minutes / 1440), "day");
}

const utc = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZone: "UTC",
});
const local = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const hourOnly = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const dayOnly = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric" });

export const exact = (at) => `${utc.format(new Date(at))} UTC`;
export const moment = (at) => local.format(new Date(at));
export const clock = (at) => hourOnly.format(new Date(at));
export const day = (at) => dayOnly.format(new Date(at));
export const zone = () => new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" }).formatToParts().find((part) => part.type === "timeZoneName")?.value ?? "";

const pad = (value) => String(value).padStart(2, "0");

// The value of an <input type="datetime-local">.
export function inputTime(at) {
  const date = new Date(at);
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}T${pad(date.getHours())}:${pad(date.getMinutes())}`;
}
