// A button that opens a small panel beside itself. Light dismiss, Escape and focus return are the browser's.

import type { ComponentChildren } from "preact";
import { useId, useRef, useState } from "preact/hooks";

interface PopoverProps {
  readonly label: string;
  readonly button: ComponentChildren;
  readonly buttonClass?: string;
  readonly title?: string;
  readonly current?: boolean;
  /** The key that opens it from anywhere; see chrome/keys.tsx. */
  readonly dataKey?: string;
  /** What it needs first: fetched when it opens, or when the pointer comes near. */
  readonly load?: () => Promise<unknown>;
  /** Drawn only while open; given the way to close itself. */
  readonly children: (close: () => void) => ComponentChildren;
}

export function Popover({ label, button, buttonClass = "button", title, current, dataKey, load, children }: PopoverProps) {
  const id = useId();
  const trigger = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);

  async function onToggle(event: { readonly newState: string }): Promise<void> {
    if (event.newState !== "open") return setOpen(false);
    // Where it cannot be fetched the panel closes again: the next try may reach the server.
    const there = await Promise.resolve(load?.()).then(() => true, () => false);
    if (!there) panel.current?.hidePopover();
    if (!panel.current?.matches(":popover-open")) return;
    setOpen(true);
    const element = panel.current;
    requestAnimationFrame(() => {
      if (trigger.current !== null) place(element, trigger.current);
      element.querySelector<HTMLElement>("[data-autofocus]")?.focus();
    });
  }

  return (
    <>
      <button
        ref={trigger}
        type="button"
        class={buttonClass}
        popovertarget={id}
        title={title}
        onPointerEnter={load && (() => void load().catch(() => undefined))}
        data-key={dataKey}
        aria-keyshortcuts={dataKey}
        aria-current={current ? "true" : undefined}
        aria-expanded={open}
      >
        {button}
      </button>
      <div ref={panel} id={id} class="popover" popover="auto" role="dialog" aria-label={label} onToggle={(event) => void onToggle(event)}>
        {open && children(() => panel.current?.hidePopover())}
      </div>
    </>
  );
}

/** Under its anchor, or above where there is no room below; never outside the window. */
export function place(panel: HTMLElement, anchor: HTMLElement): void {
  const at = anchor.getBoundingClientRect();
  const own = panel.getBoundingClientRect();
  const below = at.bottom + 6;
  const fits = below + own.height <= innerHeight - 8;
  panel.style.left = `${Math.max(8, Math.min(at.left, document.documentElement.clientWidth - own.width - 8))}px`;
  panel.style.top = `${fits ? below : Math.max(8, at.top - own.height - 6)}px`;
}
