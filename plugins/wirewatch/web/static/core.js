// What every module builds on: Airflow's own React and Chakra, which it leaves on globalThis. Nothing is fetched from elsewhere.

export const React = globalThis.React;
export const { createElement: h, Fragment, useCallback, useEffect, useId, useMemo, useRef, useState } = React;
export const UI = globalThis.ChakraUI;
export const { Badge, Box, Button, Flex, Grid, Heading, Input, NativeSelect, Skeleton, Stack, Table, Text, Textarea } = UI;

export const PALETTE = {
  critical: "red",
  major: "orange",
  notable: "yellow",
  spiking: "red",
  open: "red",
  acknowledged: "blue",
  snoozed: "purple",
  closed: "gray",
  calm: "green",
  learning: "gray",
  unseen: "orange",
};

export const color = (name) => `var(--chakra-colors-${name.replaceAll(".", "-")})`;
