// A value that the whole app may look at: whoever sets it lets the app draw itself anew. There are few of them (address,
// language, who is looking), they change seldom, and Preact changes only what differs; so nothing is tracked one by one.

import { useLayoutEffect, useState } from "preact/hooks";

export interface Signal<T> {
  value: T;
}

const watchers = new Set<() => void>();
let changes = 0;

export function signal<T>(initial: T): Signal<T> {
  let held = initial;
  return {
    get value() {
      return held;
    },
    set value(next: T) {
      if (Object.is(held, next)) return;
      held = next;
      changes++;
      for (const watcher of watchers) watcher();
    },
  };
}

/** Draws the component, and what is in it, whenever any signal changes. For the app's root. */
export function useSignals(): void {
  const [drawn, draw] = useState(changes);
  useLayoutEffect(() => {
    const watch = (): void => draw(changes);
    watchers.add(watch);
    // What was set while the first picture was made.
    if (drawn !== changes) watch();
    return () => void watchers.delete(watch);
  }, []);
}
