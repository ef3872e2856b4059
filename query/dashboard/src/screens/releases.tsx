// "Which release made it better or worse?" Each release like for like against the one before it, and the pages that
// moved most with the one chosen.

import { useEffect, useState } from "preact/hooks";
import { type Address, FRESH, type Param } from "../address/address.ts";
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
import { Nothing, Widget } from "../widgets/widget.tsx";

const COMPARED_MAX = 8;
const MOVERS = 8;

/** `release` is the newest where none is given, and the one before it is compared with where none is `named`. */
function releasePath(here: Address, release: string | undefined, named: string | undefined, own: readonly Param[]): string {
  const filters = [...here.filters.filter(({ dimension }) => dimension !== "release"), ...(release === undefined ? [] : [{ dimension: "release", op: "is", values: [release] } as const])];
  return apiPath({ ...here, filters }, "compare", [["vs", named === undefined ? "release" : `release:${named}`], ...own]);
}

export function ReleasesScreen({ tz }: { tz: string }) {
  const here = address.value;
  const [newest, setNewest] = useState<string>();
  const named = here.vs?.kind === "release" ? here.vs.release : undefined;
  // The API knows the newest by itself, but not against one that is named.
  const release = here.id ?? (named === undefined ? undefined : newest);
  const other = release === undefined || named === release ? undefined : named;
  const data = useScreenData({
    releases: apiPath({ ...here, filters: [], who: "humans", tz: null }, "releases"),
    verdicts: releasePath(here, undefined, undefined, [["metrics", "happiness"], ["by", "release"], ["limit", String(COMPARED_MAX)]]),
    compare: releasePath(here, release, other, [["metrics", "happiness,lcp,inp,cls"]]),
    movers: releasePath(here, release, other, [["metrics", "happiness"], ["by", "page"], ["limit", String(MOVERS)]]),
  });
  const rows = (answerTo<ReleaseRow[]>(data, "releases") ?? []).filter((row) => row.views > 0);
  useEffect(() => setNewest(rows[0]?.release));
  const before = (release: string): string | undefined => rows[rows.findIndex((row) => row.release === release) + 1]?.release;
  const chosen = here.id === null ? rows[0] : rows.find((row) => row.release === here.id);
  const vs = other ?? (chosen === undefined ? undefined : before(chosen.release));
  const words = markWords().releases;
  return (
    <Screen data={data} phrases={sentenceOf(partAs(data, "releases"), words.question, () => releasesSentence(rows, data, before))}>
      <Widget<ReleaseRow[]> class="w-full table-card" title={words.all} data={data} part="releases">
        {() => (rows.length === 0 ? <Teach /> : <ReleaseTable rows={rows} chosen={chosen?.release} verdicts={data} before={before} tz={tz} />)}
      </Widget>
      {chosen !== undefined && vs !== undefined && (
        <>
          <Widget<CompareRow[]> class="w-half table-card" title={words.compared(chosen.release, vs)} hint={words.against(vs)} data={data} part="compare">
            {(answer) => <CompareTable rows={answer.data} name={(row) => metricName(row.metric)} tz={tz} />}
          </Widget>
          <Widget<CompareRow[]> class="w-half table-card" title={words.movers} hint={words.against(vs)} data={data} part="movers">
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
  return answerTo<CompareRow[]>(verdicts, "verdicts")?.find((row) => row.release === release);
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
      [words.columns.since, (row) => formatAt(row.at, tz), "wide"],
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
