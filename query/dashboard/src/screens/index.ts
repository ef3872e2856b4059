// The screens there are, each fetched when it is first looked at. What a screen's file exports as default draws what
// stands in <main>: it begins with its headline.

import type { ComponentType } from "preact";
import type { ScreenName } from "../address/address.ts";
import { isShared } from "../api/token.ts";
import { wordsReady } from "../words/language.ts";

export type Screen = ComponentType<{ tz: string }>;

const LOADERS: Readonly<Partial<Record<ScreenName, () => Promise<{ default: Screen }>>>> = {
  happiness: () => import("./happiness.tsx"),
  journeys: () => import("./journeys.tsx"),
  pages: () => import("./pages.tsx"),
  promises: () => import("./promises.tsx"),
  releases: () => import("./releases.tsx"),
  incidents: () => import("./incidents.tsx"),
  sessions: () => import("./sessions.tsx"),
  health: () => import("./health.tsx"),
  settings: () => import("./settings.tsx"),
};

export const BUILT = Object.keys(LOADERS) as readonly ScreenName[];
/** What a share link does not show: single visits, and how the site is set up. */
const NOT_SHARED: readonly ScreenName[] = ["sessions", "settings"];

/** The screens for whoever is looking. */
export const offered = (): readonly ScreenName[] => (isShared() ? BUILT.filter((name) => !NOT_SHARED.includes(name)) : BUILT);

const loaded = new Map<ScreenName, Screen>();

/** The screen where it has been fetched before, so that going back shows it at once. */
export function screenAtHand(name: ScreenName): Screen | undefined {
  return loaded.get(name);
}

/** Fetches a screen and its words. Rejects when that fails, also when Felt was renewed and the old files are gone. */
export async function fetchScreen(name: ScreenName): Promise<Screen> {
  const load = LOADERS[name];
  if (load === undefined) throw new Error(`there is no screen ${name}`);
  const { default: screen } = await load();
  await wordsReady();
  loaded.set(name, screen);
  return screen;
}
