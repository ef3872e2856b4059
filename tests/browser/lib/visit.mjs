// Plays one scenario in a fresh visit, and waits until all of its views have been sent.
import { expectedViews, pair } from "./expected.mjs";
import { openVisit } from "./tab.mjs";

/** Gives `{ pairs, snapshots, beacons }`: what web-vitals saw beside what was sent, and all that was sent, in order. */
export async function play(scenario, { browser, server, script }) {
  const before = server.beacons.length;
  const known = new Set(server.views().map(({ view }) => view));
  const visit = await openVisit(browser);
  try {
    if (scenario.background) await visit.openTab();
    const tab = await visit.openTab({ background: scenario.background, script });
    await scenario.run({ tab, base: server.base, server });
    await tab.close();
    const ours = () => server.views().filter(({ view }) => !known.has(view));
    const over = ({ first_hidden, left }) => first_hidden !== undefined || left !== undefined;
    const complete = () => ours().filter(over).length >= scenario.views && (scenario.complete?.(ours()) ?? true);
    await server.arrived(complete, `the end of ${scenario.views} views`);
    const beacons = server.beacons.slice(before);
    return { pairs: pair(expectedViews(tab.oracle), ours()), views: ours(), beacons, reports: tab.oracle };
  } finally {
    await visit.close();
  }
}
