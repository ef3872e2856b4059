// Deutsch: Versprechen (SLOs), ihre Budgets und Alarme.

import type { Phrase } from "../phrase.ts";
import type en from "./promises.en.ts";

const strong = (text: string): Phrase => ({ text, strong: true });

const promises: typeof en = {
  question: "Halten wir, was wir versprochen haben?",
  none: [strong("Noch ist nichts versprochen"), { text: ": sagen Sie, worauf sich Besucher verlassen können." }],
  kept: (kept, all) => [strong(`${kept} von ${all}`), { text: " Versprechen werden gehalten" }],
  all: (all) => [strong(`Alle ${all} Versprechen werden gehalten`)],
  unmeasured: (count) => `; ${count} noch nicht zu beurteilen`,
  worst: { before: "; ", after: (what) => ` ${what}` },
  statuses: {
    ok: { word: "Gehalten", says: "wird gehalten" },
    at_risk: { word: "Gefährdet", says: "ist gefährdet" },
    exhausted: { word: "Budget verbraucht", says: "hat sein Budget verbraucht" },
    breached: { word: "Gebrochen", says: "ist gebrochen" },
    no_data: { word: "Keine Daten", says: "hat nichts, wonach zu urteilen wäre" },
  },
  left: (share) => `${share} des Budgets sind übrig`,
  overspent: (share) => `um ${share} des Budgets überzogen`,
  spentOn: (when) => `in diesem Tempo ist es ${when} verbraucht`,
  lasts: "in diesem Tempo reicht es",
  titles: { all: "Alle Versprechen", alerts: "Alarme", figures: "Wie es steht", burnDown: "Wie das Budget abnahm", spenders: "Wer es verbraucht", rules: "Wann jemand Bescheid bekommt" },
  columns: { promise: "Versprechen", status: "Stand", good: "Gut", promised: "Versprochen", budget: "Budget übrig", pace: "In diesem Tempo" },
  goodOf: (good, valid) => `${good} gute von ${valid}, die zählen`,
  promised: (share) => `versprochen: ${share}`,
  allowed: (bad, allowed) => `${bad} schlechte; ${allowed} sind erlaubt`,
  coverage: (share) => `${share} der Zeit haben Daten`,
  window: (span) => `über ${span}`,
  remaining: "Budget übrig",
  bad: "Schlechte",
  budgetCourse: (now, lowest, when) => `Jetzt: ${now}; am wenigsten ${when}, ${lowest}.`,
  nothingLeftLine: "alles verbraucht",
  spender: { what: "Was", bad: "Schlechte", share: "Von allen schlechten", lift: "Gemessen an der Größe", times: (n) => `${n}×`, only: (what) => `Die Besuche von ${what} ansehen` },
  burn: { window: "Über", pace: "Tempo", times: (n) => `${n}-mal so schnell wie erlaubt`, names: { "5m": "5 Minuten", "1h": "1 Stunde", "6h": "6 Stunden", "3d": "3 Tage" } },
  rule: {
    names: { page_fast: "Sofort, schnell", page_slow: "Sofort, langsam", ticket_fast: "Zur Arbeitszeit, schnell", ticket_slow: "Zur Arbeitszeit, langsam" },
    when: (factor, long, short) => `über ${factor}-mal so schnell wie erlaubt, über ${long} und über ${short}`,
    states: { inactive: "still", pending: "kurz davor", firing: "schlägt an", resolved: "vorbei" },
    unreachable: "kann bei diesem Ziel nie anschlagen",
    state: "Stand",
  },
  alert: {
    none: "Kein Alarm hat angeschlagen. Sie bekommen Bescheid, wenn ein Budget zu schnell schwindet.",
    since: "Seit",
    what: "Was",
    care: "Wer sich kümmert",
    take: "Ich kümmere mich",
    taken: (who) => `${who} kümmert sich`,
    silenced: (until) => `still bis ${until}`,
    over: (when) => `vorbei seit ${when}`,
  },
  teach: {
    what: "Ein Versprechen sagt in einfachen Worten und mit einer Zahl, worauf sich Besucher verlassen können: „95 von 100 Aufrufen der Kasse öffnen sich in 2,5 Sekunden, über 28 Tage“. Die 5, die misslingen dürfen, sind sein Budget. Felt zählt es auf den Aufruf genau, sagt, wie schnell es schwindet und durch wen, und gibt Bescheid, bevor es fort ist.",
    how: "Das erste entsteht so (es braucht ein Token mit dem Recht write:slos):",
  },
  back: "Alle Versprechen",
  unknown: (id) => `Ein Versprechen „${id}“ gibt es nicht.`,
};
export default promises;
