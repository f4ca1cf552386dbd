// What can be done with a search: keep it for everybody, take what it finds along, follow it in a feed reader.

import { Box, Button, Flex, Input, Stack, Text, h, useState } from "./core.js";
import { address, ask, useData } from "./api.js";
import { Notice, Time, To, between } from "./parts.js";
import { path } from "./places.js";

// `query` is the search as the page's address has it, `asked` as the API takes it.
export function SearchTools({ query, asked, total, me }) {
  const found = useData("searches");
  const [open, show] = useState(false);
  const kept = found.data ?? [];
  const mine = kept.find((each) => each.query === query);
  const file = (as) => {
    const given = new URLSearchParams(asked);
    for (const name of ["limit", "offset"]) given.delete(name);
    given.set("as", as);
    return address(`export?${given}`);
  };
  const link = (as, name) => h(Button, { as: "a", href: file(as), download: true, size: "xs", variant: "outline", "aria-label": `Download as ${name}` }, name);
  return h(
    Stack,
    { gap: 3 },
    h(
      Flex,
      { gap: 2, wrap: "wrap", align: "center", fontSize: "sm" },
      total > 0 && h(Box, { as: "span", color: "fg.muted" }, "Take along"),
      total > 0 && link("csv", "CSV"),
      total > 0 && link("jsonl", "JSON Lines"),
      me?.may_change && !mine && h(Button, { size: "xs", variant: "outline", "aria-expanded": open, onClick: () => show(!open) }, "Keep this search…"),
      kept.length > 0 &&
        h(
          Box,
          { as: "details", w: "100%" },
          h("summary", { style: { cursor: "pointer" } }, `Kept searches (${kept.length})`),
          h(Stack, { as: "ul", gap: 2, listStyleType: "none", mt: 2, pl: 4 }, kept.map((each) => h(Kept, { key: each.id, search: each, here: each.query === query, me, reload: found.reload }))),
        ),
    ),
    open && h(Keep, { query, done: () => { show(false); found.reload(); } }),
  );
}

function Keep({ query, done }) {
  const [name, type] = useState("");
  const [problem, setProblem] = useState(null);
  const keep = async (event) => {
    event.preventDefault();
    try {
      await ask("searches", { method: "POST", body: { name, query } });
      done();
    } catch (error) {
      setProblem(error.message);
    }
  };
  return h(
    Stack,
    { as: "form", onSubmit: keep, gap: 2 },
    h(Flex, { gap: 2, wrap: "wrap" }, h(Input, { "aria-label": "Name of the search", placeholder: "Its name", size: "sm", maxW: "20rem", value: name, required: true, maxLength: 120, autoFocus: true, onChange: (event) => type(event.target.value) }), h(Button, { type: "submit", size: "sm", colorPalette: "brand" }, "Keep it")),
    h(Text, { fontSize: "sm", color: "fg.muted" }, "Everybody who may look at this page sees it. To share a search once, send the address of this page."),
    problem && h(Notice, null, problem),
  );
}

function Kept({ search, here, me, reload }) {
  const [rss, tell] = useState(null);
  const [problem, setProblem] = useState(null);
  const act = async (work) => {
    setProblem(null);
    try {
      tell((await work())?.rss ?? null);
      reload();
    } catch (error) {
      setProblem(error.message);
    }
  };
  const place = path("searches", search.id);
  const button = (label, method, where, name) => h(Button, { size: "2xs", variant: "ghost", "aria-label": `${name} ${search.name}`, onClick: () => act(() => ask(where, { method, body: method === "POST" ? {} : undefined })) }, label);
  return h(
    Box,
    { as: "li" },
    h(
      Flex,
      { gap: 2, wrap: "wrap", align: "baseline" },
      h(To, { href: `${location.pathname}${location.search}#/articles?${search.query}`, fontWeight: here ? "semibold" : "normal", "aria-current": here ? "page" : undefined }, h("bdi", null, search.name)),
      h(Box, { as: "span", color: "fg.muted" }, between([`by ${search.by}`, search.rss_by && h("span", null, `RSS by ${search.rss_by} `, h(Time, { at: search.rss_at }))])),
      me?.may_change && button(search.rss_by ? "New RSS address" : "RSS address", "POST", `${place}/rss`, "Make an RSS address for"),
      me?.may_change && search.rss_by && button("Take it back", "DELETE", `${place}/rss`, "Take back the RSS address of"),
      me?.may_change && button("Remove", "DELETE", place, "Remove"),
    ),
    rss &&
      h(
        Notice,
        { tone: "info", mt: 2 },
        h(Text, null, "Whoever has this address can read the search without a login, until somebody takes it back. It is shown only now:"),
        h(Input, { readOnly: true, size: "sm", mt: 2, "aria-label": "RSS address", value: address(rss), onFocus: (event) => event.target.select(), autoFocus: true }),
      ),
    problem && h(Notice, { mt: 2 }, problem),
  );
}
