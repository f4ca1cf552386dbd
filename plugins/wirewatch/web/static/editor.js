// A text editor for rules: numbered lines, and what is wrong marked where it stands. Tab leaves it, as everywhere on the page.

import { Box, Button, Flex, Stack, h, useEffect, useRef } from "./core.js";

const LINE = 20;
const PAD = 10;
const FONT = { fontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace", fontSize: "13px", lineHeight: `${LINE}px` };

export function Editor({ area, value, onChange, faults, label, goTo }) {
  const gutter = useRef(null);
  const lines = value.split("\n");
  const wrong = new Map(faults.filter((each) => each.line).map((each) => [each.line, each.message]));
  useEffect(() => {
    if (goTo) select(area.current, goTo.line);
  }, [goTo]);
  const keyed = (event) => {
    // A new line begins under the one before.
    if (event.key !== "Enter" || event.isComposing) return;
    const { selectionStart, selectionEnd } = event.target;
    const before = value.slice(0, selectionStart);
    const indent = /[^\n]*$/.exec(before)[0].match(/^ */)[0];
    if (!indent) return;
    event.preventDefault();
    onChange(`${before}\n${indent}${value.slice(selectionEnd)}`);
    const at = selectionStart + 1 + indent.length;
    requestAnimationFrame(() => area.current?.setSelectionRange(at, at));
  };
  return h(
    Flex,
    { borderWidth: "1px", borderColor: "border.emphasized", borderRadius: "lg", overflow: "hidden", bg: "bg", h: `${Math.min(30, Math.max(14, lines.length + 3)) * LINE}px`, minH: "8rem", maxH: "80vh", resize: "vertical", _focusWithin: { outline: "2px solid", outlineColor: "colorPalette.focusRing", outlineOffset: "1px" } },
    h(
      Box,
      { ref: gutter, "aria-hidden": true, overflow: "hidden", flexShrink: 0, bg: { base: "gray.50", _dark: "gray.900" }, borderRightWidth: "1px", borderColor: "border.muted", color: "fg.muted", userSelect: "none" },
      h(
        "div",
        { style: { ...FONT, padding: `${PAD}px 8px`, textAlign: "right", minWidth: "3.2em" } },
        lines.map((_, at) =>
          h(Box, { key: at, title: wrong.get(at + 1), mx: "-8px", px: "8px", ...(wrong.has(at + 1) ? { bg: "red.solid", color: "white", fontWeight: "bold" } : {}) }, at + 1),
        ),
      ),
    ),
    h("textarea", {
      ref: area,
      value,
      "aria-label": label,
      "aria-invalid": faults.length > 0,
      "aria-describedby": "lab-faults",
      spellCheck: false,
      autoCapitalize: "off",
      autoComplete: "off",
      wrap: "off",
      onKeyDown: keyed,
      onChange: (event) => onChange(event.target.value),
      onScroll: (event) => (gutter.current.scrollTop = event.target.scrollTop),
      style: { ...FONT, padding: PAD, flex: 1, minWidth: 0, border: 0, outline: "none", resize: "none", background: "transparent", color: "inherit", whiteSpace: "pre", overflow: "auto", tabSize: 2 },
    }),
  );
}

function select(area, line) {
  if (!area) return;
  const lines = area.value.split("\n");
  const at = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  area.focus();
  area.setSelectionRange(at, at + (lines[line - 1]?.length ?? 0));
  area.scrollTop = Math.max(0, (line - 4) * LINE);
}

// What is wrong, each a button that leads to its line.
export function Faults({ faults, warnings, onGo }) {
  const all = [...faults.map((each) => [each, "red"]), ...warnings.map((each) => [each, "orange"])];
  return h(
    Stack,
    { id: "lab-faults", as: "ul", role: "status", gap: 1.5, listStyleType: "none", _empty: { display: "none" } },
    all.map(([fault, palette], at) =>
      h(
        Flex,
        { as: "li", key: at, gap: 2, align: "baseline", fontSize: "sm", colorPalette: palette },
        fault.line && h(Button, { size: "2xs", variant: "subtle", flexShrink: 0, onClick: () => onGo(fault.line) }, `Line ${fault.line}`),
        h(Box, { color: "colorPalette.fg", overflowWrap: "anywhere", minW: 0 }, palette === "orange" ? "Take care: " : "", fault.key ? `${fault.key}: ` : "", fault.message),
      ),
    ),
  );
}
