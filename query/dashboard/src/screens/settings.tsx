// "How is this site set up?" The line in its pages, what is one page, anchors, journeys, and who may see and change what.

import "../kit.ts";
import { address } from "../address/navigate.ts";
import { presetRange } from "../address/range.ts";
import { useApart } from "../api/apart.ts";
import { healthPath } from "../api/paths.ts";
import { partAs, useScreenData } from "../api/screen-data.ts";
import type { Health } from "../api/types.ts";
import { core } from "../words/core.ts";
import { formatCount } from "../words/format.ts";
import { metricName } from "../words/names.ts";
import { settingsWords } from "../words/settings.ts";
import { starred } from "../words/starred.ts";
import { Headline } from "../widgets/headline.tsx";
import { Links, People, Routes, Tokens } from "./settings/access.tsx";
import { Anchors } from "./settings/anchors.tsx";
import { Journeys, PageRules, Snippet } from "./settings/set-up.tsx";

function SettingsScreen({ tz }: { tz: string }) {
  const here = address.value;
  const words = settingsWords();
  const site = here.site ?? "";
  const base = `/api/v1/sites/${encodeURIComponent(site)}`;
  // Asked again and again, so that a first visit is noticed.
  const live = useScreenData({ health: healthPath({ ...here, range: presetRange("24h") }) }, true);
  const kept = useApart({ "page-rules": `${base}/page-rules`, scales: `${base}/scales`, journeys: `${base}/journeys?range=28d`, routes: `${base}/alert-routes`, links: `${base}/links`, tokens: "/api/v1/tokens", people: "/api/v1/people" });
  const part = partAs<Health>(live, "health");
  const health = part?.ok ? part.answer.data : undefined;
  const sentence = health === undefined ? core().chrome.screen.settings.question
    : health.waiting ? words.waiting(site) : health.views === 0 ? words.silent(site) : words.running(site, formatCount(health.views));
  return (
    <>
      <Headline phrases={part === undefined ? null : starred(sentence)} stale={false} />
      <div class="grid">
        <Snippet waiting={health?.waiting} />
        <PageRules data={kept} base={base} tz={tz} />
        <Anchors data={kept} base={base} name={(metric) => words.measures[metric] ?? metricName(metric)} />
        <Journeys data={kept} base={base} />
        <Routes data={kept} base={base} />
        <Links data={kept} base={base} tz={tz} />
        <Tokens data={kept} tz={tz} />
        <People data={kept} />
      </div>
    </>
  );
}

export { SettingsScreen as settings };
