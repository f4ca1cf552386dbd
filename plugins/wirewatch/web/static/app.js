// The Wirewatch page. Airflow loads this module and renders `globalThis.Wirewatch` inside its own interface.

import { Box, Flex, Heading, Stack, Text, h, useEffect, useRef } from "./core.js";
import { useData } from "./api.js";
import { Article, ArticleList } from "./articles.js";
import { Feed, FeedList } from "./feeds.js";
import { Incident, IncidentList } from "./incidents.js";
import { Lab, LabList } from "./lab.js";
import { Overview } from "./overview.js";
import { Empty, Notice, To } from "./parts.js";
import { href, useRoute } from "./route.js";
import { Topic, TopicList } from "./topics.js";
// Asked for at once: what a module imports is found only when that module is there.
import "./actions.js";
import "./ahead.js";
import "./charts.js";
import "./editor.js";
import "./format.js";
import "./pages.js";
import "./places.js";
import "./searches.js";
import "./trial.js";

const AREAS = {
  overview: { name: "Overview", list: Overview },
  incidents: { name: "Incidents", list: IncidentList, one: Incident },
  topics: { name: "Topics", list: TopicList, one: Topic },
  lab: { name: "Lab", list: LabList, one: Lab },
  articles: { name: "Articles", list: ArticleList, one: Article },
  feeds: { name: "Feeds", list: FeedList, one: Feed },
};

class Guard extends globalThis.React.Component {
  state = { problem: null };

  static getDerivedStateFromError(problem) {
    return { problem };
  }

  render() {
    if (!this.state.problem) return this.props.children;
    return h(Notice, null, "This view could not be drawn: ", String(this.state.problem.message ?? this.state.problem));
  }
}

export function App() {
  const { area, id, query } = useRoute();
  const known = AREAS[area];
  const me = useData("me").data;
  const View = id === null ? known?.list : known?.one;
  const place = `${area}/${id ?? ""}`;
  const start = useRef(place);
  const moved = useRef(false);
  if (place !== start.current) moved.current = true;
  const top = useRef(null);
  useEffect(() => {
    top.current?.scrollTo(0, 0);
    const before = document.title;
    document.title = [id && id !== area ? id : null, known?.name ?? "Wirewatch", "Wirewatch"].filter((each, at, all) => each && all.indexOf(each) === at).join(" · ");
    return () => {
      document.title = before;
    };
  }, [place]);
  return h(
    Box,
    { ref: top, h: "100%", overflowY: "auto", bg: "bg", color: "fg" },
    h(
      Box,
      { maxW: "76rem", mx: "auto", px: { base: 4, md: 8 }, pt: { base: 3, md: 5 }, pb: 16 },
      h(
        Flex,
        { as: "header", align: "flex-end", gap: { base: 3, md: 6 }, mb: { base: 5, md: 8 }, borderBottomWidth: "1px", borderColor: "border" },
        // On a phone Airflow's own navigation says it, and the room is needed.
        h(Heading, { as: "h1", fontSize: "md", fontWeight: "bold", letterSpacing: "-0.01em", pt: 2.5, pb: 1.5, position: { base: "absolute", md: "static" }, clipPath: { base: "inset(50%)", md: "none" } }, "Wirewatch"),
        h(
          Flex,
          { as: "nav", "aria-label": "Wirewatch", gap: { base: 1.5, md: 5 }, justify: { base: "space-between", md: "flex-start" }, overflowX: "auto", flex: "1", mb: "-1px" },
          Object.entries(AREAS).map(([key, { name }]) => h(Tab, { key, to: href(key), name, here: key === area })),
        ),
        me && h(Text, { fontSize: "xs", color: "fg.muted", pb: 3, display: { base: "none", md: "block" }, title: me.may_change ? "You may change incidents and feeds" : "You may look but not change" }, me.name, me.may_change ? "" : " (looking only)"),
      ),
      h(
        Box,
        { as: "main" },
        h(
          Guard,
          { key: place },
          View
            ? h(View, { id, query, me, first: !moved.current })
            : h(Stack, { gap: 3 }, h(Empty, { title: "There is no such page" }, h(To, { href: href("overview") }, "To the overview"))),
        ),
      ),
    ),
  );
}

function Tab({ to, name, here }) {
  return h(
    Box,
    { as: "a", href: to, "aria-current": here ? "page" : undefined, fontSize: { base: "xs", md: "sm" }, py: 2.5, whiteSpace: "nowrap", color: here ? "fg" : "fg.muted", fontWeight: here ? "semibold" : "normal", borderBottomWidth: "2px", borderColor: here ? "brand.solid" : "transparent", _hover: { color: "fg" } },
    name,
  );
}

globalThis.Wirewatch = App;
