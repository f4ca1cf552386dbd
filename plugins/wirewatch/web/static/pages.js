// Earlier and later pages of a long list.

import { Button, Flex, Text, h } from "./core.js";
import { number } from "./format.js";

export function Pages({ total, offset, size, to }) {
  if (total <= size && !offset) return null;
  const last = Math.min(total, offset + size);
  const step = (label, at, on) => h(Button, { as: on ? "a" : "button", href: on ? to(at) : undefined, disabled: !on, size: "xs", variant: "outline" }, label);
  return h(
    Flex,
    { as: "nav", "aria-label": "Pages", gap: 3, align: "center", fontSize: "sm" },
    step("Previous", Math.max(0, offset - size), offset > 0),
    h(Text, { color: "fg.muted" }, `${number(offset + 1)}–${number(last)} of ${number(total)}`),
    step("Next", offset + size, last < total && offset + size < 9900),
  );
}
