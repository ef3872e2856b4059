// A word with its meaning behind it: a button that opens a small popover. One popover serves the whole page.

import { signal } from "../signal.ts";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { type Entry, glossary, type Term as TermName } from "../words/glossary.ts";
import { place } from "./popover.tsx";
import { core } from "../words/core.ts";

const open = signal<{ entry: Entry; anchor: HTMLElement } | null>(null);

interface TermProps {
  readonly of: TermName;
  /** The words to show; the glossary's own when left out. */
  readonly children?: ComponentChildren;
}

export function Term({ of, children }: TermProps) {
  return <Explained entry={glossary()[of]}>{children}</Explained>;
}

/** Like Term, for a meaning that is no glossary entry. */
export function Explained({ entry, children }: { entry: Entry; children?: ComponentChildren }) {
  return (
    <button
      type="button"
      class="term"
      title={entry.meaning}
      aria-haspopup="dialog"
      onClick={(event) => {
        open.value = open.value?.anchor === event.currentTarget ? null : { entry, anchor: event.currentTarget };
      }}
    >
      {children ?? entry.word}
    </button>
  );
}

export function TermPopover() {
  const box = useRef<HTMLDivElement>(null);
  const shown = open.value;

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    if (shown === null) {
      if (element.matches(":popover-open")) element.hidePopover();
      return;
    }
    if (!element.matches(":popover-open")) element.showPopover();
    place(element, shown.anchor);
  }, [shown]);

  return (
    <div
      ref={box}
      class="popover definition"
      popover="auto"
      role="dialog"
      aria-label={shown?.entry.word ?? core().widgets.meaning}
      onToggle={(event) => {
        if (event.newState === "closed") open.value = null;
      }}
    >
      {shown !== null && (
        <>
          <strong>{shown.entry.word}</strong>
          <p role="status">{shown.entry.meaning}</p>
        </>
      )}
    </div>
  );
}

/** A value that was not measured: never 0. */
export function Missing({ why }: { why?: string | undefined }) {
  const said = why ?? core().widgets.chart.notMeasured;
  return (
    <span class="missing" title={said}>
      <span aria-hidden="true">–</span>
      <span class="sr-only">{said}</span>
    </span>
  );
}

/** What is said of a value; that it is missing where it was not measured. */
export function known<Value>(value: Value | null, say: (value: Value) => ComponentChildren, why?: string): ComponentChildren {
  return value === null ? <Missing why={why} /> : say(value);
}
