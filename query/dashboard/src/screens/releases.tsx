// "Which release made it better or worse?" Each release like for like against the one before it, and the pages that
// moved most with the one chosen.

import { type Address, FRESH } from "../address/address.ts";
import { address, hrefWith } from "../address/navigate.ts";
import { apiPath } from "../api/paths.ts";
import { answerTo, partAs, type ScreenData, useScreenData } from "../api/screen-data.ts";
import type { CompareRow, ReleaseRow } from "../api/types.ts";
import { JUDGE_COUNT_MIN, VERDICT_COUNT_MIN } from "../stats/happiness.ts";
import { core } from "../words/core.ts";
import { formatCount, formatInterval, formatScore } from "../words/format.ts";
import { markWords } from "../words/marks.ts";
import { metricName, valueName } from "../words/names.ts";
import type { Phrase } from "../words/phrase.ts";
import { formatAt } from "../words/time.ts";
import { Curl } from "../widgets/code.tsx";
import { comparedValue, differenceWords, Verdict } from "../widgets/compared.tsx";
import { Link } from "../widgets/link.tsx";
import { Screen, sentenceOf } from "../widgets/screen.tsx";
import { Table } from "../widgets/table.tsx";
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

export function ReleasesScreen({ tz }: { tz: string }) {
  const here = address.value;
  const data = useScreenData({ releases: apiPath({ ...here, filters: [], who: "humans", tz: null }, "releases") });
  const rows = (answerTo<ReleaseRow[]>(data, "releases") ?? []).filter((row) => row.views > 0);
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
  });
  const words = markWords().releases;
  return (
    <Screen data={data} phrases={sentenceOf(partAs(data, "releases"), words.question, () => releasesSentence(rows, verdicts, before))} above={<Warnings data={verdicts} />}>
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
    </Screen>
  );
}

function verdictOf(verdicts: ScreenData, release: string): CompareRow | undefined {
  return answerTo<CompareRow[]>(verdicts, `vs ${release}`)?.[0];
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
    <Table label={words.all} class="groups releases" rows={rows} by={(row) => row.release} rowClass={(row) => row.release === chosen && "active"} columns={[
      [words.columns.release, (row) => (
        <>
          <Link class="row" href={hrefWith({ id: row.release })} title={words.choose(row.release)} aria-current={row.release === chosen ? "true" : undefined}>{row.release}</Link>
          {row.note !== null && <span class="hint" title={words.note}> {row.note}</span>}
          {row.url !== null && /^https?:\/\//.test(row.url) && <> <a class="over hint" href={row.url} rel="noreferrer">{words.link}</a></>}
        </>
      )],
      [words.columns.since, (row) => formatAt(row.at, tz)],
      [words.columns.views, (row) => formatCount(row.views), "number wide"],
      [words.columns.happiness, (row) => <Score row={row} />, "number"],
      [words.columns.verdict, ({ release }) => {
        const verdict = verdictOf(verdicts, release);
        return verdict !== undefined ? <Said row={verdict} tz={tz} /> : before(release) === undefined ? <span class="hint">{words.first}</span> : <Missing />;
      }],
    ]} />
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
    <Table label={pages ? movers : columns.verdict} class="groups releases" rows={rows} by={name} columns={[
      [pages ? mover.page : mover.what, (row) => (pages ? <Link class="row" href={hrefWith({ screen: "pages", ...FRESH, page: name(row) })}>{valueName("page", name(row))}</Link> : name(row))],
      [mover.now, (row) => comparedValue(row, row.value), "number"],
      [mover.before, (row) => comparedValue(row, row.vs_value), "number"],
      [mover.verdict, (row) => <Said row={row} tz={tz} />],
    ]} />
  );
}

function Teach() {
  const words = markWords().releases;
  return (
    <div class="teach">
      <p>{words.none} {words.teach}</p>
      <Curl method="POST" to={["releases"]} body={'{"release": "2026.11.3"}'} />
    </div>
  );
}
