// The wire format: what a view looks like when it is sent, and what is left out when it would be too large.
import { cost, now } from "./browser";
import { HEAD_BYTES_MAX, REQUEST_BYTES_MAX } from "./limits";
import type { View } from "./views";

/** What is the same in all views of a document. */
export const shared = (FULL ? { tags: {} } : {}) as {
  client?: Record<string, unknown>;
  tags: Record<string, string>;
  release?: string | undefined;
  visitor?: string;
  sample_rate: number;
};

/** When the beacon began to watch, ms. */
const watchedFrom = FULL ? now() : 0;

/** A snapshot on its way: view, seq, attempt, when the view began (unix ms, only ever compared with itself), state. */
export type Item = [view: string, seq: number, attempt: number, began: number, state: string];

/** What goes first when a snapshot is too large: at first nothing, and vitals never. */
export const DROPPING_ORDER = FULL
  ? " request long_frame attribution dead_click rage_click error timing tags feedback step".split(" ")
  : ["", "attribution", "error"];

/** Of a Blob the browser keeps books in another process, which costs milliseconds. */
export const bytes = (text: string): number => new TextEncoder().encode(text).length;

/** JSON without what is not known, and without digits that nobody measured. */
export const json = (value: unknown): string =>
  JSON.stringify(value, (_, field: unknown) =>
    (field as number | undefined)?.toFixed ? +(field as number).toFixed(4) : field === "" ? undefined : field,
  );

/** The state of a view as JSON, without what differs from one sending to the next. */
export const stateOf = ({ _start, _wire, _left, _hidden }: View): string => {
  const relative = (time?: number) => time && Math.max(0, time - _start);
  const dropped = { ..._wire.dropped };
  const state: Record<string, unknown> = { ..._wire, ...shared, left: relative(_left), first_hidden: relative(_hidden), dropped };
  let events = _wire.events.map((event) => ({ ...event, at: relative(event.at) }));
  let text = "";
  for (const kind of DROPPING_ORDER) {
    const left = events.filter(({ type }) => type !== kind);
    const gone = events.length - left.length + +!!state[kind];
    if (gone) dropped[kind] = gone + (dropped[kind] ?? 0);
    delete state[kind];
    text = json({ ...state, events: (events = left) });
    if (REQUEST_BYTES_MAX - HEAD_BYTES_MAX > bytes(text)) break;
  }
  return text;
};

/** A request body: each state, which is JSON already, behind this sending's own fields. */
export const bodyOf = (items: readonly Item[], time = Date.now()): string =>
  `[${items.map(
    ([view, seq, attempt, began, state]) =>
      json({ v: 1, attempt, age: time - began, seq, view, ...(FULL && { beacon: { from: watchedFrom, ...cost } }) }).slice(0, -1) + "," + state.slice(1),
  )}]`;

/** All items in one request, where it is not too large. */
export const groupsOf = (items: readonly Item[]): (readonly Item[])[] =>
  items[1] && bytes(bodyOf(items)) > REQUEST_BYTES_MAX ? items.map((item) => [item]) : items[0] ? [items] : [];
