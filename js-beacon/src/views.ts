// The page views of this document, in order, and which of them a measurement belongs to: the one in which it began.
import { randomId } from "./id";
import { VIEWS_KEPT_MAX } from "./limits";
import type { NavigationKind, View } from "./snapshot";

export interface ViewStart {
  nav: NavigationKind;
  start: number;
  begins: number;
  url: string;
  referrer: string;
  route?: string | undefined;
  session: string;
}

export class Views {
  /** Oldest first; the last is the current one. */
  list: View[] = [];
  /** The view of the document itself; kept when `list` forgets it, for its values may come late. */
  initial: View | undefined;

  /** To be called after every change of any view. */
  changed: () => void = () => {};
  /** Called when a view begins, with the one before it. */
  readonly begun: ((view: View, previous: View | undefined) => void)[] = [];

  begin(start: ViewStart): View {
    const view: View = {
      id: randomId(),
      title: "",
      route: undefined,
      status: undefined,
      hiddenAtStart: false,
      firstHidden: undefined,
      left: undefined,
      metrics: {},
      attribution: {},
      events: [],
      dropped: {},
      navigationId: undefined,
      seq: 0,
      sent: "",
      ends: Infinity,
      ...start,
    };
    const previous = this.list.at(-1);
    if (previous) previous.ends = start.begins;
    this.initial ??= view;
    this.list.push(view);
    for (const tell of this.begun) tell(view, previous);
    this.changed();
    return view;
  }

  get current(): View {
    return this.list.at(-1)!;
  }

  /** The view that `time` falls into; undefined for what was before all of them. */
  at(time: number): View | undefined {
    return this.list.findLast((view) => view.begins <= time);
  }

  /** The view of a soft navigation that the browser reports: the first route change since the interaction that caused it. */
  soft(navigationId: number, interactionTime: number): View | undefined {
    let view = this.list.find((other) => other.navigationId === navigationId);
    if (!view) {
      view = this.list.find(
        (other) => other.nav === "soft" && other.navigationId === undefined && other.begins >= interactionTime,
      );
      if (view) {
        view.navigationId = navigationId;
        view.start = interactionTime;
      }
    }
    return view;
  }

  /** Forgets views that ended long ago; call it after they were sent. */
  prune(): void {
    if (this.list.length > VIEWS_KEPT_MAX) this.list.splice(0, this.list.length - VIEWS_KEPT_MAX);
  }
}
