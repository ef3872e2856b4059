// "Where do visitors fail to get what they came for?" All journeys, and one: where people leave it, and whether speed matters.

import type { Address } from "../address/address.ts";
import { comparedRange } from "../address/compare.ts";
import { address, hrefWith } from "../address/navigate.ts";
import { serverNow } from "../api/client.ts";
import { apiPath, healthPath } from "../api/paths.ts";
import { answerTo, partAs, useScreenData } from "../api/screen-data.ts";
import type { Meta } from "../api/types.ts";
import type { FunnelRow, JourneyRow, SpeedRow } from "../api/visits.ts";
import { confidence } from "../stats/happiness.ts";
import { vsWords } from "../words/compare.ts";
import { core } from "../words/core.ts";
import { formatCount, formatDuration, formatShare } from "../words/format.ts";
import type { Phrase } from "../words/phrase.ts";
import { journeyWords } from "../words/journeys.ts";
import { language } from "../words/language.ts";
import { formatMoney } from "../words/money.ts";
import { starred } from "../words/starred.ts";
import { rangeWords } from "../words/time.ts";
import { Code, Curl } from "../widgets/code.tsx";
import { Funnel, worstStep } from "../widgets/funnel.tsx";
import { JourneysTable } from "../widgets/journeys-table.tsx";
import { Screen, sentenceOf } from "../widgets/screen.tsx";
import { SpeedChart } from "../widgets/speed-chart.tsx";
import { Nothing, Widget } from "../widgets/widget.tsx";

export function JourneysScreen({ tz }: { tz: string }) {
  const { id } = address.value;
  return id === null ? <AllJourneys tz={tz} /> : <OneJourney key={id} id={id} tz={tz} />;
}

/** The server says its sentences in English only. */
const english = (): boolean => language.value === "en";

/** The same question about what is compared with; none without a comparison. */
function beforePath(here: Address, call: string): Record<string, string> {
  const { vs, range } = here;
  if (vs === null) return {};
  return { before: vs.kind === "release" ? apiPath(here, call, [], [{ dimension: "release", op: "is", values: [vs.release] }]) : apiPath({ ...here, range: comparedRange(vs, range, serverNow()) }, call) };
}

function AllJourneys({ tz }: { tz: string }) {
  const here = address.value;
  const words = journeyWords();
  const data = useScreenData({ journeys: apiPath(here, "journeys"), health: healthPath(here), ...beforePath(here, "journeys") });
  return (
    <Screen data={data} phrases={sentenceOf(partAs<JourneyRow[]>(data, "journeys"), core().chrome.screen.journeys.question, (rows) => sentence(rows, rangeWords(here.range, tz)))}>
      <Widget<JourneyRow[]> class="table-card" title={words.title} data={data} part="journeys">
        {(answer) => (answer.data.length === 0 ? <Teaching /> : <JourneysTable rows={answer.data} before={answerTo<JourneyRow[]>(data, "before") ?? []} than={here.vs === null ? "" : vsWords(here.vs, tz)} />)}
      </Widget>
    </Screen>
  );
}

/** The journey on which most is left behind: by its worth where steps tell it, else by how many leave. */
function sentence(rows: readonly JourneyRow[], over: string): Phrase[] {
  const words = journeyWords();
  const judged = rows.filter((row) => confidence(row.started) !== "few" && row.started > 0);
  const [worst] = [...judged].sort((a, b) => (b.lost_amount ?? 0) - (a.lost_amount ?? 0) || b.abandoned - a.abandoned);
  if (worst === undefined) return starred(rows.some((row) => row.started > 0) ? words.few(over) : words.none(over));
  const worth = worst.lost_amount ? words.worth(formatMoney(worst.lost_amount, worst.currency)) : "";
  return starred(words.worst(worst.name, formatCount(worst.abandoned), formatCount(worst.started), worth, over));
}

/** What a journey is, and the two ways to have one. */
function Teaching() {
  const words = journeyWords();
  return (
    <div class="teach">
      <p>{words.emptyTitle}</p>
      <p>{words.emptyEvents}</p>
      <Code>{'felt("step", "checkout", "pay", { amount: 49.9, currency: "EUR" });'}</Code>
      <p>{words.emptyPages}</p>
      <Curl method="PUT" to={["journeys", "checkout"]} body={'{"name": "Checkout", "steps": [{"name": "Basket", "page": "/basket"}, {"name": "Pay", "page": "/checkout/pay"}, {"name": "Done", "page": "/thanks"}]}'} />
    </div>
  );
}

function OneJourney({ id, tz }: { id: string; tz: string }) {
  const here = address.value;
  const words = journeyWords();
  const call = `journeys/${encodeURIComponent(id)}`;
  const data = useScreenData({ journey: apiPath(here, call), funnel: apiPath(here, `${call}/funnel`), speed: apiPath(here, `${call}/speed`), ...beforePath(here, call) });
  const journey = partAs<JourneyRow>(data, "journey");
  const earlier = answerTo<JourneyRow>(data, "before");
  const over = rangeWords(here.range, tz);
  const row = answerTo<JourneyRow>(data, "journey");
  const unknown = journey?.ok === false && journey.problem.status === 404;
  return (
    <Screen data={data} phrases={sentenceOf(journey, unknown ? words.unknown : id, (told) => journeySentence(told, answerTo<FunnelRow[]>(data, "funnel") ?? [], over))} back={[hrefWith({ id: null }), words.all]}
      above={unknown && <div class="card"><Teaching /></div>}>
      {!unknown && (
        <>
          <Widget<FunnelRow[]> class="w-half chart-card" title={words.funnelTitle} data={data} part="funnel"
            hint={here.vs !== null && earlier?.completion != null && confidence(earlier.started) !== "few" ? words.before(formatShare(earlier.completion), formatCount(earlier.started), vsWords(here.vs, tz))
              : row?.in_time_share != null && row.within_s != null ? words.within(formatShare(row.in_time_share), formatDuration(row.within_s * 1000)) : undefined}>
            {(answer) => ((answer.data[0]?.entered ?? 0) === 0 ? <Nothing /> : <Funnel rows={answer.data} />)}
          </Widget>
          <Widget<SpeedRow[]> class="w-half chart-card" title={words.speedTitle} hint={words.speedHint} data={data} part="speed">
            {(answer) => (answer.data.some((span) => span.started > 0) ? <SpeedChart rows={answer.data} said={english() ? (answer.meta as Meta & { words?: string | null }).words : null} /> : <Nothing />)}
          </Widget>
        </>
      )}
    </Screen>
  );
}

function journeySentence(row: JourneyRow, steps: readonly FunnelRow[], over: string): Phrase[] {
  const words = journeyWords();
  if (row.started === 0) return starred(words.none(over));
  if (confidence(row.started) === "few" || row.completion === null) return starred(words.oneFew(row.name, formatCount(row.started), over));
  const worst = worstStep(steps);
  const step = worst === undefined ? "" : words.mostLeave(worst.step, formatCount(worst.left));
  return starred(words.one(row.name, formatShare(row.completion), formatCount(row.started), over, step));
}
