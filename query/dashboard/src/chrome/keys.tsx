// What the keyboard does everywhere: `/` filter, `t` time, `c` compare, `?` help. A key opens what carries its name in
// `data-key`. Single keys can be switched off, as WCAG 2.1.4 wants it, and are silent while someone types.

import { signal } from "../signal.ts";
import { useEffect } from "preact/hooks";
import { core } from "../words/core.ts";
import { loadPanels, panels } from "./panels.ts";

const KEY = "felt.keys";
export const keysOn = signal(kept());
export const help = signal(false);

function kept(): boolean {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}

export function switchKeys(value: boolean): void {
  keysOn.value = value;
  try {
    if (value) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, "off");
  } catch {
    // Not remembered then.
  }
}

export function HelpButton() {
  const { open } = core().chrome.help;
  return (
    <button type="button" class="icon help" title={open} onClick={openHelp}>
      <span class="sr-only">{open}</span>
      <span aria-hidden="true">?</span>
    </button>
  );
}

function onKeyDown(event: KeyboardEvent): void {
  // Nothing has the focus where the document itself is the target.
  const { target } = event;
  const typing = target instanceof Element && target.closest("input, select, textarea, [contenteditable], dialog, [popover]") !== null;
  if (!keysOn.value || typing || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const opener = event.key === "?" ? null : document.querySelector<HTMLElement>(`[data-key="${CSS.escape(event.key)}"]`);
  if (event.key !== "?" && opener === null) return;
  event.preventDefault();
  if (opener === null) openHelp();
  else {
    // Focus comes back here when the panel closes.
    opener.focus();
    opener.click();
  }
}

/** Listens for keys, and holds the help they open. */
export function Keys() {
  useEffect(() => {
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
  return help.value && panels !== undefined ? <panels.HelpBox /> : null;
}

function openHelp(): void {
  loadPanels().then(() => (help.value = true), () => undefined);
}
