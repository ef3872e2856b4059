// Ties the address to the browser: one signal that every part of the screen reads, one function that changes it.

import { signal } from "../signal.ts";
import { type Address, parseAddress, printAddress } from "./address.ts";

export const address = signal<Address>(parseAddress(location.pathname, location.search));

addEventListener("popstate", () => {
  address.value = parseAddress(location.pathname, location.search);
});

/** The link to the same screen with something changed: what a person may copy, or open in another tab. */
export function hrefWith(change: Partial<Address>): string {
  return printAddress({ ...address.value, ...change });
}

/** Goes there. `replace` leaves no step for the back button: for typing, and for filling in a default. */
export function navigate(change: Partial<Address>, how: "push" | "replace" = "push"): void {
  goTo(hrefWith(change), how);
}

export function goTo(href: string, how: "push" | "replace" = "push"): void {
  if (href === location.pathname + location.search) return;
  const before = address.value;
  if (how === "push") history.pushState(null, "", href);
  else history.replaceState(null, "", href);
  address.value = parseAddress(location.pathname, location.search);
  const after = address.value;
  // Another screen starts at its top; a changed filter leaves the reader where they were.
  if (before.screen === after.screen && before.page === after.page && before.id === after.id) return;
  scrollTo(0, 0);
  // The link that was followed is gone: who reads by keyboard or ear goes on at the new screen's beginning.
  requestAnimationFrame(() => document.getElementById("main")?.focus({ preventScroll: true }));
}
