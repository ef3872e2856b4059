// Plays scenarios in fresh visits, and waits until all of their views have been sent.
import { startBrowser } from "./cdp.mjs";
import { differences, expectedViews, pair } from "./expected.mjs";
import { openVisit } from "./tab.mjs";

/** What a page had left to say when it was closed has come by then, ms. */
const LAST_WORD_MS_MAX = 3_000;

/** Gives `{ pairs, snapshots, beacons }`: what web-vitals saw beside what was sent, and all that was sent, in order. */
export async function play(scenario, { browser, server, script }) {
  const before = server.beacons.length;
  const known = new Set(server.views().map(({ view }) => view));
  const own = scenario.flags && (await startBrowser({ flags: scenario.flags }));
  const visit = await openVisit(own ?? browser);
  try {
    if (scenario.background) await visit.openTab();
    const tab = await visit.openTab({ background: scenario.background, script: script ?? scenario.script });
    await scenario.run({ tab, base: server.base, server });
    await tab.close();
    const ours = () => server.views().filter(({ view }) => !known.has(view));
    const over = ({ first_hidden, left }) => first_hidden !== undefined || left !== undefined;
    const complete = () => ours().filter(over).length >= scenario.views && (scenario.complete?.(ours()) ?? true);
    await server.arrived(complete, `the end of ${scenario.views} views`);
    // A value that came between hiding and closing is sent by itself: what differs is not judged before it can have arrived.
    const pairs = () => pair(expectedViews(tab.oracle), ours());
    await server.arrived(() => pairs().flatMap(differences).length === 0, "the last word", LAST_WORD_MS_MAX).catch(() => {});
    const beacons = server.beacons.slice(before);
    return { pairs: pairs(), views: ours(), beacons, reports: tab.oracle };
  } finally {
    await visit.close();
    await own?.close();
  }
}

/**
 * A browser on a busy machine now and then loses a frame, and with it an entry that only one of two observers had taken. So what
 * differs is played again: a scenario is wrong when two of three plays are.
 */
const DIFFERING_PLAYS_MAX = 1;

/** Plays a scenario until more plays passed `check(played)` than threw in it. `differed(error)` hears of an odd one out. */
export async function playUntilSure(scenario, where, { check, differed }) {
  let [equal, differing] = [0, 0];
  while (equal <= differing) {
    const played = await play(scenario, where);
    try {
      await check(played);
      equal++;
    } catch (error) {
      if (++differing > DIFFERING_PLAYS_MAX) throw error;
      differed(error);
    }
  }
}
