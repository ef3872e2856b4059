// Plays every scenario against a running felt (`--base URL`) or against the source tree, and prints one JSON line for each page view:
// {"scenario","view","session","nav","url","oracle":{…web-vitals' values},"sent":{…the beacon's},"snapshot":{…the last one sent}}.
// Exit code 1 when a value differs, a view is missing, or one was made up.
import { parseArgs } from "node:util";
import { startBrowser } from "./lib/cdp.mjs";
import { differences } from "./lib/expected.mjs";
import { SCENARIOS } from "./lib/scenarios.mjs";
import { startServer } from "./lib/server.mjs";
import { play } from "./lib/visit.mjs";

const { values } = parseArgs({ options: { base: { type: "string" }, site: { type: "string", default: "shop" }, only: { type: "string", multiple: true } } });
const wanted = values.only ?? Object.keys(SCENARIOS);
const server = await startServer({ base: values.base });
const browser = await startBrowser();
let faults = 0;
try {
  for (const name of wanted) {
    if (!SCENARIOS[name]) throw new Error(`no scenario ${name}; there are ${Object.keys(SCENARIOS).join(", ")}`);
    const { pairs, beacons } = await play(SCENARIOS[name], { browser, server });
    for (const { url } of beacons) {
      const site = new URL(url, server.base).searchParams.get("site");
      if (site !== values.site) throw new Error(`a beacon went to site ${site}, not ${values.site}`);
    }
    for (const both of pairs) {
      const { expected, sent } = both;
      const { view, session, nav, url } = sent ?? expected;
      console.log(JSON.stringify({ scenario: name, view, session, nav, url, oracle: expected?.oracle, sent: sent?.metrics, snapshot: sent }));
      for (const fault of differences(both)) {
        faults++;
        console.error(`${name}: ${fault}`);
      }
    }
  }
} finally {
  await browser.close();
  await server.close();
}
process.exitCode = faults ? 1 : 0;
