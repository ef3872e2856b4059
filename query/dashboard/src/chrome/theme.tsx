// Light or dark: follows the system until a person says otherwise, and remembers what they said.

import { signal } from "../signal.ts";
import { core } from "../words/core.ts";

type Theme = "light" | "dark";
const KEY = "felt.theme";

function read(): Theme | null {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "light" || kept === "dark" ? kept : null;
  } catch {
    return null;
  }
}

const chosen = signal<Theme | null>(read());
const system = matchMedia("(prefers-color-scheme: dark)");
const systemDark = signal(system.matches);
system.addEventListener("change", () => (systemDark.value = system.matches));

function apply(): void {
  if (chosen.value === null) delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = chosen.value;
}
apply();

export function ThemeToggle() {
  const dark = chosen.value === null ? systemDark.value : chosen.value === "dark";
  const next = dark ? "light" : "dark";
  function toggle(): void {
    // Choosing what the system says means following it again.
    chosen.value = (next === "dark") === systemDark.value ? null : next;
    apply();
    try {
      if (chosen.value === null) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, chosen.value);
    } catch {
      // Not remembered then.
    }
  }
  return (
    <button type="button" class="icon theme" onClick={toggle} title={core().chrome.theme[next]}>
      <span class="sr-only">{core().chrome.theme[next]}</span>
      <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true" focusable="false">
        <circle cx="10" cy="10" r="7.25" class="ring" />
        <path d="M10 2.75a7.25 7.25 0 0 1 0 14.5z" class="half" />
      </svg>
    </button>
  );
}
