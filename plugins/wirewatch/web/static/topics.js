// All topics, and one topic over two weeks.

import { Flex, Input, Stack, h, useEffect, useState } from "./core.js";
import { useData } from "./api.js";
import { HourTable, Hours } from "./charts.js";
import { counted, number } from "./format.js";
import { IncidentTable } from "./incidents.js";
import { EVERY_MS, Topics } from "./overview.js";
import { Card, Empty, Facts, Loaded, Out, Section, Tag, Title, To } from "./parts.js";
import { Pages } from "./pages.js";
import { PAGE, asked, offsetOf } from "./places.js";
import { go, href } from "./route.js";

export function TopicList({ query, first }) {
  const q = query.get("q") ?? "";
  const offset = offsetOf(query);
  const [typed, type] = useState(q);
  const found = useData(asked({ area: "topics", query }), { every: EVERY_MS });
  useEffect(() => {
    if (typed === q) return undefined;
    const soon = setTimeout(() => go("topics", null, { q: typed }, { replace: true }), 250);
    return () => clearTimeout(soon);
  }, [typed, q]);
  return h(
    Stack,
    { gap: 4 },
    h(
      Flex,
      { justify: "space-between", align: "end", gap: 3, wrap: "wrap" },
      h(Title, { first, sub: "What matters most comes first." }, "Topics"),
      h(Input, { type: "search", "aria-label": "Find a topic", placeholder: "Find a topic", size: "sm", maxW: "18rem", value: typed, onChange: (event) => type(event.target.value) }),
    ),
    h(Loaded, { from: found.data ? found : { ...found, data: found.before } }, (page) =>
      h(Stack, { gap: 3 }, h(Topics, { page, q }), h(Pages, { total: page.total, offset, size: PAGE.topics, to: (at) => href("topics", null, { q, offset: at || null }) })),
    ),
  );
}

export function Topic({ id }) {
  const found = useData(asked({ area: "topics", id }), { every: 60_000 });
  return h(Loaded, { from: found }, ({ topic, since, notify, hours, incidents, kibana }) =>
    h(
      Stack,
      { gap: 6 },
      h(Flex, { gap: 3, align: "baseline", wrap: "wrap" }, h(Title, null, topic.name), topic.incident ? h("a", { href: href("incidents", topic.incident) }, h(Tag, { kind: topic.state })) : h(Tag, { kind: topic.state })),
      h(Card, null, h(Hours, { hours, topic: id }), h(HourTable, { hours, topic: id })),
      h(Facts, {
        rows: [
          ["Last 24 hours", h(To, { href: href("articles", null, { topics: id, since, counted: 1 }) }, `${counted(topic.stories, "story", "stories")}, ${counted(topic.articles, "article")}`)],
          ["Usual", topic.usual === null ? "not known yet" : `${number(topic.usual)} in 24 hours`],
          ["Alerts", { spike: "when it spikes", each: "each story", digest: "in the digest", none: "none" }[topic.alert] ?? topic.alert],
          ["Told", notify.join(", ") || "the default recipients"],
          ["Id", h("code", null, id)],
        ],
      }),
      h(Section, { title: "Incidents" }, incidents.length ? h(IncidentTable, { incidents }) : h(Empty, { title: "It has never spiked" }, "Its incidents will be listed here.")),
      h(Flex, { gap: 5, wrap: "wrap" }, h(To, { href: href("articles", null, { topics: id }) }, "All its articles"), h(To, { href: href("lab", "new", { topic: id }) }, "Its rule, in the topic lab"), kibana && h(Out, { href: kibana }, "The topic in Kibana")),
    ),
  );
}
