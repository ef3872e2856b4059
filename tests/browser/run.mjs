// Plays every scenario against a running felt that serves the shop (`--base URL`), against one that takes beacons only (`--beacons URL`),
// or against the source tree alone, and prints one JSON line for each page view:
// {"scenario","view","session","nav","url","oracle":{…web-vitals' values},"sent":{…the beacon's},"snapshot":{…the last one sent}}.
// Exit code 1 when a value differs, a view is missing, or one was made up. Where the browser did not tell what a scenario waits for, what was sent until then
// is told too, and the scenario is played once more.
import { parseArgs } from "node:util";
import { startBrowser } from "./lib/cdp.mjs";
import { differences } from "./lib/expected.mjs";
import { SCENARIOS } from "./lib/scenarios.mjs";
import { startServer } from "./lib/server.mjs";
import { playUnspoilt } from "./lib/visit.mjs";

const { values } = parseArgs({ options: { base: { type: "string" }, beacons: { type: "string" }, site: { type: "string", default: "shop" }, only: { type: "string", multiple: true } } });
const wanted = values.only ?? Object.keys(SCENARIOS);
const server = await startServer({ base: values.base, beaconBase: values.beacons });
const browser = await startBrowser();
let faulty = false;
try {
  for (const name of wanted) {
    if (!SCENARIOS[name]) throw new Error(`no scenario ${name}; there are ${Object.keys(SCENARIOS).join(", ")}`);
    await playUnspoilt(SCENARIOS[name], { browser, server }, ({ pairs, beacons, spoilt }) => {
      if (spoilt) console.error(`${name}, played again: ${spoilt.message}`);
      for (const { url } of beacons) {
        const site = new URL(url, server.base).searchParams.get("site");
        if (site !== values.site) throw new Error(`a beacon went to site ${site}, not ${values.site}`);
      }
      const faults = pairs.flatMap((both) => tell(name, both));
      if (faults.length > 0) throw new Error(faults.join("\n"));
    }).catch(({ message }) => {
      faulty = true;
      console.error(`${name}: ${message}`);
    });
  }
} finally {
  await browser.close();
  await server.close();
}
process.exitCode = faulty ? 1 : 0;

/** Prints what both sides say of a view that was sent. Gives their differences. */
function tell(scenario, both) {
  const { expected, sent } = both;
  const faults = differences(both);
  if (sent) {
    const { view, session, nav, url } = sent;
    console.log(JSON.stringify({ scenario, view, session, nav, url, oracle: expected?.oracle ?? {}, sent: sent.metrics, snapshot: sent }));
  }
  return faults;
}
