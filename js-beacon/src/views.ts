// The page views of this document, in order, and which of them a measurement belongs to: the one in which it began.
import { guarded, now } from "./browser";
import { randomId } from "./id";
import { EVENTS_OF_KIND_MAX } from "./limits";
import { changed } from "./send";
import { cut, scrubUrl } from "./url";
import type { Press } from "./inp";

export type NavigationKind = "navigate" | "reload" | "back_forward" | "bfcache" | "prerender" | "restore" | "soft";

/** An event of a view. `at` is absolute (ms since the document's time origin) here and relative to the view on the wire. */
export interface ViewEvent {
  type: string;
  at: number;
  [field: string]: unknown;
}

/** One page view, as far as it is known. All times are ms since the document's time origin; what has not come yet is missing. */
export interface View {
  readonly _id: string;
  /** Zero of this view's times. */
  _start: number;
  /** From when on measurements belong to this view; later than `_start` for a route change, which begins with the click before it. */
  _begins: number;
  _hidden?: number | undefined;
  _left?: number;
  /** `seq` of the next snapshot. */
  _seq: number;
  /** State as JSON, and the one last handed over. */
  _state?: string;
  _sent?: string | undefined;
  /** The interaction that caused a soft navigation, by the browser's number. */
  _cause?: number;
  /** The worst interactions, and the browser's number of interactions when the view began and ended. */
  _presses: Press[];
  _count: number;
  _countAfter?: number;
  /** The worst burst of layout shifts. */
  _cls?: number;
  /** The current burst of layout shifts: sum, begin and last shift, the largest one and what it moved. */
  _burst: { _sum?: number; _began?: number; _last?: number; _largest?: number; _blame?: { target: string; time: number } };
  /** What goes out as it is. */
  readonly _wire: {
    /** Known once there is something to send. */
    session?: string;
    nav: NavigationKind;
    url: string;
    referrer: string;
    route?: string | undefined;
    title?: string;
    status?: number;
    /** Missing until it was asked. */
    hidden_at_start?: boolean;
    metrics: Record<string, number>;
    attribution: Record<string, Record<string, unknown>>;
    events: ViewEvent[];
    /** What was left out, by kind. */
    dropped: Record<string, number>;
  };
}

/** Oldest first; the last is the current one. */
export const list: View[] = [];
/** The view of the document itself; known when `list` has forgotten it, for its values may come late. */
export let initial: View;

export const current = (): View => list.at(-1)!;

/** The view that `time` falls into; undefined for what was before all of them. */
export const viewAt = (time: number): View | undefined => list.findLast((view) => view._begins <= time);

/** Who wants to know that a view begins. */
export const onBegin: ((view: View) => void)[] = [];

/** Missing where the browser does not count; then the worst interaction of a view is the one that counts. */
export const interactionCount = (): number => (performance as { interactionCount?: number }).interactionCount!;

export const begin = (nav: NavigationKind, start: number, referrer: string, route?: string): View => {
  const previous = current();
  const view: View = {
    _id: randomId(),
    _seq: 0,
    _start: start,
    _begins: previous ? start : 0,
    _count: interactionCount(),
    _presses: [],
    _burst: {},
    _wire: {
      nav,
      referrer,
      route,
      metrics: {},
      url: scrubUrl(location.href),
      dropped: {},
      attribution: {},
      events: [],
    },
  };
  if (previous) {
    previous._countAfter = view._count;
    if (FULL) previous._wire.title ||= cut(document.title);
  } else initial = view;
  list.push(view);
  for (const tell of onBegin) guarded(tell)(view);
  changed();
  return view;
};

/** Notes from when on nobody saw the view: what is painted or ready later says nothing about anyone. */
export const noteHidden = (view: View, time?: number): void => {
  view._hidden ??= time;
  view._wire.hidden_at_start = view._hidden! <= view._start;
};

/** Sets a metric that is a moment, unless nobody saw it. */
export const noteMoment = (view: View | undefined, name: string, time: number): boolean => {
  if (!view || time >= view._hidden!) return false;
  view._wire.metrics[name] = Math.max(0, time - view._start);
  changed();
  return true;
};

/** Adds an event, within the bound of its kind; the rest is counted. */
export const addEvent = (view: View | undefined, type: string, more: object, at = now(), most = EVENTS_OF_KIND_MAX): void => {
  // In the core, whoever adds one has a view.
  if (FULL && !view) return;
  const { events, dropped } = view!._wire;
  if (events.filter((event) => event.type === type).length < most) events.push({ type, at, ...more });
  else dropped[type] = (dropped[type] ?? 0) + 1;
  changed();
};
