// The wire format: what a view looks like when it is sent, and what is left out when it would be too large.
import { EVENTS_MAX, EVENTS_OF_KIND_MAX, REQUEST_BYTES_MAX } from "./limits";

export type NavigationKind = "navigate" | "reload" | "back_forward" | "bfcache" | "prerender" | "restore" | "soft";

export type MetricName =
  | "lcp" | "usable" | "inp" | "cls" | "fcp" | "ttfb"
  | "redirect" | "dns" | "connect" | "tls" | "request" | "response"
  | "dom_interactive" | "dom_content_loaded" | "load";

export interface Attribution {
  lcp?: { target?: string; url?: string; ttfb: number; load_delay: number; load_time: number; render_delay: number };
  inp?: { target?: string; event: string; input_delay: number; processing: number; presentation: number; script?: string | undefined };
  cls?: { target?: string; time: number };
}

/** An event of a view. `at` is absolute (ms since the document's time origin) here and relative to the view on the wire. */
export interface ViewEvent {
  type: string;
  at: number;
  [field: string]: string | number | boolean | undefined;
}

/** One page view, as far as it is known. All times are ms since the document's time origin. */
export interface View {
  readonly id: string;
  readonly session: string;
  readonly nav: NavigationKind;
  /** Zero of this view's times. */
  start: number;
  /** From when on measurements belong to this view; later than `start` for a route change, which begins with the click before it. */
  readonly begins: number;
  /** From when on they belong to the next one. */
  ends: number;
  url: string;
  readonly referrer: string;
  title: string;
  route: string | undefined;
  status: number | undefined;
  hiddenAtStart: boolean;
  firstHidden: number | undefined;
  left: number | undefined;
  metrics: Partial<Record<MetricName, number>>;
  attribution: Attribution;
  events: ViewEvent[];
  dropped: Record<string, number>;
  /** The browser's own number of a soft navigation, once it is known. */
  navigationId: number | undefined;
  /** `seq` of the next snapshot. */
  seq: number;
  /** State of the last snapshot handed over. */
  sent: string;
}

/** What is the same in all views of a document. */
export interface Shared {
  client: Readonly<Record<string, unknown>>;
  release: string | undefined;
  visitor: string | undefined;
  tags: Readonly<Record<string, string>>;
  sampleRate: number;
}

/** What goes first when a snapshot is too large. Vitals never go. */
export const DROPPING_ORDER = ["request", "long_frame", "attribution", "dead_click", "rage_click", "error", "timing", "feedback", "step"];

export const round = (value: number, digits = 1): number => Math.round(value * 10 ** digits) / 10 ** digits;

/** Adds an event, within the bound of its kind; the rest is counted. */
export function addEvent(view: View, event: ViewEvent): boolean {
  const same = view.events.filter((other) => other.type === event.type).length;
  if (same >= (EVENTS_OF_KIND_MAX[event.type] ?? 0)) {
    countDropped(view.dropped, event.type, 1);
    return false;
  }
  view.events.push(event);
  return true;
}

export function countDropped(dropped: Record<string, number>, kind: string, by: number): void {
  dropped[kind] = (dropped[kind] ?? 0) + by;
}

/** The state of a view as JSON, without what differs from one sending to the next (`seq`, `attempt`, `age`). */
export function stateOf(view: View, shared: Shared): string {
  const relative = (time: number | undefined): number | undefined =>
    time === undefined ? undefined : Math.max(0, round(time - view.start));
  const metrics: Record<string, number> = {};
  for (const [name, value] of Object.entries(view.metrics)) metrics[name] = round(value, name === "cls" ? 5 : 1);
  const state = {
    session: view.session,
    visitor: shared.visitor,
    nav: view.nav,
    url: view.url,
    referrer: view.referrer || undefined,
    route: view.route,
    title: view.title || undefined,
    status: view.status || undefined,
    hidden_at_start: view.hiddenAtStart,
    first_hidden: relative(view.firstHidden),
    left: relative(view.left),
    sample_rate: shared.sampleRate,
    metrics,
    attribution: view.attribution as Attribution | undefined,
    events: view.events.map((event) => ({ ...event, at: relative(event.at) })),
    client: shared.client,
    release: shared.release,
    tags: Object.keys(shared.tags).length ? shared.tags : undefined,
    dropped: undefined as Record<string, number> | undefined,
  };
  const dropped = { ...view.dropped };
  let json = JSON.stringify(state);
  for (const kind of DROPPING_ORDER) {
    while (bytes(json) > REQUEST_BYTES_MAX - 200 || state.events.length > EVENTS_MAX) {
      if (kind === "attribution") {
        if (!state.attribution) break;
        state.attribution = undefined;
        countDropped(dropped, kind, 1);
      } else {
        const kept = state.events.filter((event) => event.type !== kind);
        if (kept.length === state.events.length) break;
        countDropped(dropped, kind, state.events.length - kept.length);
        state.events = kept;
      }
      json = JSON.stringify(state);
    }
  }
  if (Object.keys(dropped).length) {
    state.dropped = dropped;
    json = JSON.stringify(state);
  }
  return json;
}

/** A snapshot: the state with this sending's own fields before it. `time` is ms since the time origin. `kept.ts` counts further attempts. */
export function snapshotOf(view: View, state: string, time: number): string {
  const head = { v: 1, view: view.id, seq: view.seq, attempt: 0, age: Math.max(0, Math.round(time - view.start)) };
  return `${JSON.stringify(head).slice(0, -1)},${state.slice(1)}`;
}

const encoder = new TextEncoder();
export const bytes = (text: string): number => encoder.encode(text).length;

/** Puts snapshots together into request bodies, each under the bound. A single one goes as an object, several as an array. */
export function bodiesOf(snapshots: readonly string[]): string[] {
  const groups: string[][] = [];
  let size = Infinity;
  for (const snapshot of snapshots) {
    size += bytes(snapshot) + 1;
    if (size > REQUEST_BYTES_MAX) {
      groups.push([]);
      size = bytes(snapshot) + 2;
    }
    groups.at(-1)?.push(snapshot);
  }
  return groups.map((group) => (group.length === 1 ? group[0]! : `[${group.join()}]`));
}
