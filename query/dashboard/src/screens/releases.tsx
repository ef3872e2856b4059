// "Which release made it better or worse?" Each release like for like against the one before it, and the pages that
// moved most with the one chosen.

import type { Address } from "../address/address.ts";
import { FRESH } from "../address/address.ts";
import { address, hrefWith } from "../address/navigate.ts";
import { endsNow } from "../address/range.ts";
import { apiPath, sitePath } from "../api/paths.ts";
import { partAs, type ScreenData, useScreenData } from "../api/screen-data.ts";
import type { CompareRow, ReleaseRow } from "../api/types.ts";
import { JUDGE_COUNT_MIN, VERDICT_COUNT_MIN } from "../stats/happiness.ts";
import { core } from "../words/core.ts";
import { formatCount, formatInterval, formatScore } from "../words/format.ts";
import { markWords } from "../words/marks.ts";
import { metricName, valueName } from "../words/names.ts";
import type { Phrase } from "../words/phrase.ts";
import { formatTime } from "../words/time.ts";
import { comparedValue, differenceWords, Verdict } from "../widgets/compared.tsx";
import { Headline } from "../widgets/headline.tsx";
import { Link } from "../widgets/link.tsx";
import { Missing } from "../widgets/term.tsx";
import { Warnings } from "../widgets/warnings.tsx";
import { Nothing, Widget } from "../widgets/widget.tsx";

/** Each is a question of the batch. */
const COMPARED_MAX = 8;
const MOVERS = 8;

function releasePath(here: Address, release: string, before: string, own: readonly (readonly [string, string])[]): string {
  const filters = [...here.filters.filter(({ dimension }) => dimension !== "release"), { dimension: "release", op: "is", values: [release] } as const];
  return apiPath({ ...here, filters }, "compare", [["vs", `release:${before}`], ...own]);
}

export default function ReleasesScreen({ tz }: { tz: string }) {
  const here = address.value;
  const live = endsNow(here.range);
  const data = useScreenData({ releases: apiPath({ ...here, filters: [], who: "humans", tz: null }, "releases") }, live);
  const part = partAs<ReleaseRow[]>(data, "releases");
  const rows = part?.ok ? part.answer.data.filter((row) => row.views > 0) : [];
  const before = (release: string): string | undefined => rows[rows.findIndex((row) => row.release === release) + 1]?.release;
  const chosen = rows.find((row) => row.release === here.id) ?? rows[0];
  const vs = here.vs?.kind === "release" && here.vs.release !== chosen?.release ? here.vs.release : chosen === undefined ? undefined : before(chosen.release);
  const pairs = rows.slice(0, COMPARED_MAX).flatMap((row) => { const old = before(row.release); return old === undefined ? [] : [[row.release, old] as const]; });
  const verdicts = useScreenData({
    ...Object.fromEntries(pairs.map(([release, old]) => [`vs ${release}`, releasePath(here, release, old, [["metrics", "happiness"]])])),
    ...(chosen === undefined || vs === undefined ? {} : {
      compare: releasePath(here, chosen.release, vs, [["metrics", "happiness,lcp,inp,cls"]]),
      movers: releasePath(here, chosen.release, vs, [["metrics", "happiness"], ["by", "page"], ["limit", String(MOVERS)]]),
    }),
  }, live);
  const words = markWords().releases;
  const sentence = part === undefined ? null : !part.ok ? [{ text: words.question }] : releasesSentence(rows, verdicts, before);
  return (
    <>
      <Headline phrases={sentence} stale={data.stale} />
      <Warnings data={verdicts} />
      <div class="grid">
        <Widget<ReleaseRow[]> class="w-full table-card" title={words.all} data={data} part="releases">
          {() => (rows.length === 0 ? <Teach /> : <ReleaseTable rows={rows} chosen={chosen?.release} verdicts={verdicts} before={before} tz={tz} />)}
        </Widget>
        {chosen !== undefined && vs !== undefined && (
          <>
            <Widget<CompareRow[]> class="w-half table-card" title={words.compared(chosen.release, vs)} hint={words.against(vs)} data={verdicts} part="compare">
              {(answer) => <CompareTable rows={answer.data} name={(row) => metricName(row.metric)} tz={tz} />}
            </Widget>
            <Widget<CompareRow[]> class="w-half table-card" title={words.movers} hint={words.against(vs)} data={verdicts} part="movers">
              {(answer) => {
                const moved = answer.data.filter(({ verdict }) => verdict === "better" || verdict === "worse");
                return moved.length === 0 ? <Nothing>{words.noMovers}</Nothing> : <CompareTable rows={moved} name={(row) => row.page ?? ""} tz={tz} pages />;
              }}
            </Widget>
          </>
        )}
      </div>
    </>
  );
}

function verdictOf(verdicts: ScreenData, release: string): CompareRow | undefined {
  const part = partAs<CompareRow[]>(verdicts, `vs ${release}`);
  return part?.ok ? part.answer.data[0] : undefined;
}

/** What the newest release that can be judged did. */
function releasesSentence(rows: readonly ReleaseRow[], verdicts: ScreenData, before: (release: string) => string | undefined): Phrase[] {
  const words = markWords().releases;
  const newest = rows[0];
  if (newest === undefined) return [{ text: words.none, strong: true }];
  const named: Phrase = { text: newest.release, strong: true, href: hrefWith({ ...FRESH, id: newest.release }) };
  const [old, row] = [before(newest.release), verdictOf(verdicts, newest.release)];
  if (old === undefined) return [named, { text: words.sentence.alone }];
  if (row === undefined) return [named, { text: words.sentence.asking }];
  return [named, { text: row.verdict === "better" || row.verdict === "worse" ? words.sentence[row.verdict](differenceWords(row), old) : words.sentence[row.verdict](old) }];
}

interface TableProps {
  readonly rows: readonly ReleaseRow[];
  readonly chosen: string | undefined;
  readonly verdicts: ScreenData;
  readonly before: (release: string) => string | undefined;
  readonly tz: string;
}

function ReleaseTable({ rows, chosen, verdicts, before, tz }: TableProps) {
  const words = markWords().releases;
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.all}>
      <table class="groups releases">
        <thead>
          <tr>
            <th scope="col">{words.columns.release}</th>
            <th scope="col">{words.columns.since}</th>
            <th scope="col" class="number wide">{words.columns.views}</th>
            <th scope="col" class="number">{words.columns.happiness}</th>
            <th scope="col">{words.columns.verdict}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const verdict = verdictOf(verdicts, row.release);
            return (
              <tr key={row.release} class={row.release === chosen ? "active" : undefined}>
                <th scope="row">
                  <Link class="row" href={hrefWith({ id: row.release })} title={words.choose(row.release)} aria-current={row.release === chosen ? "true" : undefined}>{row.release}</Link>
                  {row.note !== null && <span class="hint" title={words.note}> {row.note}</span>}
                  {row.url !== null && /^https?:\/\//.test(row.url) && <> <a class="over hint" href={row.url} rel="noreferrer">{words.link}</a></>}
                </th>
                <td>{formatTime(Date.parse(row.at), "full", tz)}</td>
                <td class="number wide">{formatCount(row.views)}</td>
                <td class="number"><Score row={row} /></td>
                <td>{verdict !== undefined ? <Said row={verdict} tz={tz} /> : before(row.release) === undefined ? <span class="hint">{words.first}</span> : <Missing />}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Score({ row }: { row: ReleaseRow }) {
  if (row.happiness === null) return <Missing />;
  if (row.views < JUDGE_COUNT_MIN) return <span class="few">{core().widgets.table.tooFew}</span>;
  return <span class={row.views < VERDICT_COUNT_MIN ? "few" : ""} title={row.low !== null && row.high !== null ? formatInterval(row.low, row.high) : undefined}>{formatScore(row.happiness)}</span>;
}

/** A verdict without "than what": its column says that. */
function Said({ row, tz }: { row: CompareRow; tz: string }) {
  return <Verdict row={row} tz={tz} than="" />;
}

function CompareTable({ rows, name, tz, pages = false }: { rows: readonly CompareRow[]; name: (row: CompareRow) => string; tz: string; pages?: boolean }) {
  const { mover, movers, columns } = markWords().releases;
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={pages ? movers : columns.verdict}>
      <table class="groups releases">
        <thead>
          <tr><th scope="col">{pages ? mover.page : mover.what}</th><th scope="col" class="number">{mover.now}</th><th scope="col" class="number">{mover.before}</th><th scope="col">{mover.verdict}</th></tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={name(row)}>
              <th scope="row">{pages ? <Link class="row" href={hrefWith({ screen: "pages", ...FRESH, page: name(row) })}>{valueName("page", name(row))}</Link> : name(row)}</th>
              <td class="number">{comparedValue(row, row.value)}</td>
              <td class="number">{comparedValue(row, row.vs_value)}</td>
              <td><Said row={row} tz={tz} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Teach() {
  const words = markWords().releases;
  return (
    <div class="teach">
      <p>{words.none} {words.teach}</p>
      <pre tabIndex={0}><code>{`curl -X POST -H "Authorization: Bearer $FELT_TOKEN" -H "Content-Type: application/json" \\\n  ${location.origin}${sitePath(address.value, "releases")} -d '{"release": "2026.11.3"}'`}</code></pre>
    </div>
  );
}
