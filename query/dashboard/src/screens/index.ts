// The screens there are, each fetched when it is first looked at, with those that stand in the same set. A screen draws what
// stands in <main>: it begins with its headline.

import type { ComponentType } from "preact";
import type { ScreenName } from "../address/address.ts";
import { isShared } from "../api/token.ts";
import { wordsReady } from "../words/language.ts";

export type Screen = ComponentType<{ tz: string }>;

type Set = Promise<Readonly<Partial<Record<ScreenName, Screen>>>>;
const felt = (): Set => import("./set-felt.ts");
const marks = (): Set => import("./set-marks.ts");
const others = (): Set => import("./set-others.ts");

/** The sets that travel in one file each. In a set, a screen has its own name. */
const SETS: Readonly<Record<ScreenName, () => Set>> = {
  happiness: felt,
  journeys: others,
  pages: felt,
  promises: others,
  releases: marks,
  incidents: marks,
  sessions: others,
  health: others,
  settings: () => import("./settings.tsx"),
};

export const BUILT = Object.keys(SETS) as readonly ScreenName[];
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
  const screen = (await SETS[name]())[name];
  if (screen === undefined) throw new Error(`no screen ${name}`);
  await wordsReady();
  loaded.set(name, screen);
  return screen;
}
