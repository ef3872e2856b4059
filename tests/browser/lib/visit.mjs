// Plays scenarios in fresh visits, and waits until all of their views have been sent.
import { startBrowser } from "./cdp.mjs";
import { differences, expectedViews, pair } from "./expected.mjs";
import { openVisit, Unheard } from "./tab.mjs";

/** What a page had left to say when it was closed has come by then, ms. */
const LAST_WORD_MS_MAX = 10_000;

/**
 * Gives `{ pairs, views, beacons, reports, spoilt }`: what web-vitals saw beside what was sent, and all that was sent, in order. `spoilt` says what the
 * browser never told, where the scenario waited for it in vain; what was sent until then is there.
 */
export async function play(scenario, { browser, server, script }) {
  const before = server.beacons.length;
  const wordsBefore = server.lastWords.length;
  const known = new Set(server.views().map(({ view }) => view));
  const own = scenario.flags && (await startBrowser({ flags: scenario.flags }));
  const visit = await openVisit(own ?? browser);
  try {
    if (scenario.background) await visit.openTab();
    const tab = await visit.openTab({ background: scenario.background, script: script ?? scenario.script });
    const spoilt = await scenario.run({ tab, base: server.base, server }).then(
      () => undefined,
      (error) => {
        if (error instanceof Unheard) return error;
        throw error;
      },
    );
    await tab.close();
    const ours = () => server.views().filter(({ view }) => !known.has(view));
    const over = ({ first_hidden, left }) => first_hidden !== undefined || left !== undefined;
    const due = spoilt ? expectedViews(tab.oracle).length : scenario.views;
    const complete = () => ours().filter(over).length >= due && (spoilt || (scenario.complete?.(ours()) ?? true));
    await server.arrived(complete, `the end of ${due} views`);
    // A value that came between hiding and closing is sent by itself: what differs is not judged before it can have arrived.
    const reports = () => [...tab.oracle, ...server.lastWords.slice(wordsBefore)].sort((a, b) => a.at - b.at);
    const pairs = () => pair(expectedViews(reports()), ours());
    await server.arrived(() => pairs().flatMap(differences).length === 0, "the last word", LAST_WORD_MS_MAX).catch(() => {});
    const beacons = server.beacons.slice(before);
    return { pairs: pairs(), views: ours(), beacons, reports: reports(), spoilt };
  } finally {
    await visit.close();
    await own?.close();
  }
}

/**
 * A headless browser on a busy machine now and then loses a frame, and then tells nobody of what was painted in it, nor of any input
 * from then on. Such a play does not show what its test is for, and is played again.
 */
const SPOILT_PLAYS_MAX = 2;

/** Plays until the browser told all that `play` waits for. */
export async function unspoilt(play) {
  for (let spoiltPlays = 0; ; ) {
    try {
      return await play();
    } catch (error) {
      if (!(error instanceof Unheard) || ++spoiltPlays > SPOILT_PLAYS_MAX) throw error;
    }
  }
}

/** Plays a scenario until it is not spoilt. `check(played)` throws when a play is not as it should be: what a spoilt one did send has to be right all the same. */
export const playUnspoilt = (scenario, where, check) =>
  unspoilt(async () => {
    const played = await play(scenario, where);
    await check(played);
    if (played.spoilt) throw played.spoilt;
  });
