// English: promises (SLOs), their budgets and alerts.

import type { Phrase } from "../phrase.ts";

const strong = (text: string): Phrase => ({ text, strong: true });

const promises = {
  question: "Do we keep what we promised?",
  none: [strong("Nothing is promised yet"), { text: ": say what your visitors can count on." }] as Phrase[],
  kept: (kept: string, all: string): Phrase[] => [strong(`${kept} of ${all}`), { text: " promises are kept" }],
  all: (all: string): Phrase[] => [strong(`All ${all} promises are kept`)],
  unmeasured: (count: string) => `; ${count} cannot be judged yet`,
  worst: { before: "; ", after: (what: string) => ` ${what}` },
  statuses: {
    ok: { word: "Kept", says: "is kept" },
    at_risk: { word: "At risk", says: "is at risk" },
    exhausted: { word: "Budget spent", says: "has spent its budget" },
    breached: { word: "Broken", says: "is broken" },
    no_data: { word: "No data", says: "has nothing to judge by" },
  },
  left: (share: string) => `${share} of its budget is left`,
  overspent: (share: string) => `overspent by ${share} of its budget`,
  spentOn: (when: string) => `at this pace it is spent on ${when}`,
  lasts: "it lasts at this pace",
  titles: { all: "All promises", alerts: "Alerts", figures: "Where it stands", burnDown: "How the budget burnt down", spenders: "Who spends it", rules: "When somebody is told" },
  columns: { promise: "Promise", status: "Status", good: "Good", promised: "Promised", budget: "Budget left", pace: "At this pace" },
  goodOf: (good: string, valid: string) => `${good} good of ${valid} that count`,
  promised: (share: string) => `promised: ${share}`,
  allowed: (bad: string, allowed: string) => `${bad} bad ones; ${allowed} are allowed`,
  coverage: (share: string) => `${share} of the time has data`,
  window: (span: string) => `over ${span}`,
  remaining: "Budget left",
  bad: "Bad ones",
  budgetCourse: (now: string, lowest: string, when: string) => `Now ${now}; lowest on ${when}, ${lowest}.`,
  nothingLeftLine: "all spent",
  spender: { what: "What", bad: "Bad", share: "Of all bad", lift: "Against its size", times: (n: string) => `${n}×`, only: (what: string) => `Look at the visits of ${what}` },
  burn: { window: "Over", pace: "Pace", times: (n: string) => `${n} times as fast as allowed`, names: { "5m": "5 minutes", "1h": "1 hour", "6h": "6 hours", "3d": "3 days" } as Record<string, string> },
  rule: {
    names: { page_fast: "At once, fast", page_slow: "At once, slow", ticket_fast: "In working hours, fast", ticket_slow: "In working hours, slow" } as Record<string, string>,
    when: (factor: string, long: string, short: string) => `over ${factor} times as fast as allowed, for ${long} and for ${short}`,
    states: { inactive: "quiet", pending: "about to fire", firing: "firing", resolved: "over" },
    unreachable: "can never fire at this objective",
    state: "State",
  },
  alert: {
    none: "No alert has fired. You are told when a budget burns too fast.",
    since: "Since",
    what: "What",
    care: "Who takes care",
    take: "I take care of it",
    taken: (who: string) => `${who} takes care`,
    silenced: (until: string) => `silent until ${until}`,
    over: (when: string) => `over since ${when}`,
  },
  teach: {
    what: "A promise says what visitors can count on, in plain words and with a number: “95 of 100 views of the checkout open within 2.5 seconds, over 28 days”. The 5 that may fail are its budget. Felt counts it to the view, says how fast it is spent and by whom, and tells you before it is gone.",
    how: "Make the first one (it needs a token with the scope write:slos):",
  },
  back: "All promises",
  unknown: (id: string) => `There is no promise “${id}”.`,
};
export default promises;
