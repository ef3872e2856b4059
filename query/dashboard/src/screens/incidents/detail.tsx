// One incident: whom it hurt, in words for a post-mortem and in figures, and where.

import { useState } from "preact/hooks";
import { FRESH } from "../../address/address.ts";
import { parseFilter } from "../../address/filter.ts";
import { address, hrefWith } from "../../address/navigate.ts";
import { fixedRange } from "../../address/range.ts";
import { isShared } from "../../api/token.ts";
import { problemText, send, serverNow } from "../../api/client.ts";
import type { Impact, Segment } from "../../api/impact-types.ts";
import { sitePath } from "../../api/paths.ts";
import { answerTo, partAs, useScreenData } from "../../api/screen-data.ts";
import type { IncidentRow } from "../../api/types.ts";
import { JUDGE_COUNT_MIN } from "../../stats/happiness.ts";
import { formatCount, formatDecimal, formatDuration, formatShare, pageViews, plural } from "../../words/format.ts";
import { locale } from "../../words/language.ts";
import { markWords } from "../../words/marks.ts";
import { dimensionName, valueName } from "../../words/names.ts";
import type { Phrase } from "../../words/phrase.ts";
import { CopyButton } from "../../widgets/copy-button.tsx";
import { Link } from "../../widgets/link.tsx";
import { Screen } from "../../widgets/screen.tsx";
import { Table } from "../../widgets/table.tsx";
import { Nothing, Widget } from "../../widgets/widget.tsx";

const TABLES = ["page", "country", "device", "release"];

export function IncidentDetail({ id }: { id: string }) {
  const path = sitePath(address.value, "incidents", id);
  const data = useScreenData({ incident: path, impact: `${path}/impact` }, true);
  const words = markWords().incidents;
  const told = partAs<IncidentRow>(data, "incident");
  const impact = answerTo<Impact>(data, "impact");
  const incident = answerTo<IncidentRow>(data, "incident");
  const sentence = told === undefined ? null : incident === undefined ? [{ text: told.ok || told.problem.status !== 404 ? words.question : words.unknown(id) }]
    : impact === undefined ? [{ text: incident.title, strong: true }] : impactSentence(incident, impact);
  return (
    <Screen data={data} phrases={sentence} back={[hrefWith({ id: null }), words.back]} above={incident && <Ways incident={incident} path={path} changed={data.retry} />}>
      <Widget<Impact> class="w-half" title={words.words} data={data} part="impact">
        {(answer) => <Paragraphs texts={answer.data.paragraphs} />}
      </Widget>
      <Widget<Impact> class="w-half" title={words.figures} data={data} part="impact">
        {(answer) => <Facts impact={answer.data} />}
      </Widget>
      {TABLES.map((dimension) => (
        <Widget<Impact> key={dimension} class="w-half table-card" title={words.by[dimension]} data={data} part="impact">
          {(answer) => <Segments rows={answer.data.by[dimension] ?? []} dimension={dimension} />}
        </Widget>
      ))}
    </Screen>
  );
}

function impactSentence({ title }: IncidentRow, { exposed, hurt }: Impact): Phrase[] {
  const words = markWords().incidents;
  if (exposed.visitors < JUDGE_COUNT_MIN) return [{ text: words.few(title, formatCount(exposed.visitors)) }];
  const count = hurt.hard.visitors + hurt.soft.visitors;
  const share = formatShare(Math.min(1, count / exposed.visitors));
  return [{ text: words.hurt(title) }, { text: words.people(formatCount(count), formatCount(exposed.visitors), share), strong: true }, { text: words.hard(formatCount(hurt.hard.visitors)) }];
}

/** What can be done with it: look at its time, or say that it is over. */
function Ways({ incident, path, changed }: { incident: IncidentRow; path: string; changed: () => void }) {
  const [fault, setFault] = useState("");
  const words = markWords().incidents;
  const filters = incident.filters.map(parseFilter).filter((filter) => filter !== null);
  const { title, from, journey, note, source } = incident;

  async function end(): Promise<void> {
    const kept = Object.fromEntries(Object.entries({ title, from, filters: incident.filters, journey, note, source }).filter(([, value]) => value !== null));
    const written = await send<IncidentRow>("PUT", path, { ...kept, to: new Date(serverNow()).toISOString() });
    if (written.ok) changed();
    else setFault(problemText(written.problem));
  }
  return (
    <p class="ways incident-ways">
      <Link class="button" href={hrefWith({ screen: "happiness", ...FRESH, filters, range: incident.to === null ? { preset: null, from, to: null } : fixedRange(Date.parse(from), Date.parse(incident.to)) })}>{words.look}</Link>
      {incident.open && !isShared() && <button type="button" class="button" onClick={() => void end()}>{words.over}</button>}
      {fault !== "" && <span class="hint" role="alert">{fault}</span>}
    </p>
  );
}

/** The server's own words, which are English. */
function Paragraphs({ texts }: { texts: readonly string[] }) {
  const words = markWords().incidents;
  if (texts.length === 0) return <Nothing />;
  return (
    <>
      <div class="prose" lang="en">{texts.map((text) => <p key={text}>{text}</p>)}</div>
      <p class="ways"><CopyButton text={texts.join("\n\n")} words={words.copy} done={words.copied} /></p>
    </>
  );
}

function Facts({ impact }: { impact: Impact }) {
  const words = markWords().incidents.facts;
  const { exposed, hurt, retries, gave_up, lost, money } = impact;
  const span = (low: number | null | undefined, high: number | null | undefined, say: (value: number) => string): string => (low == null || high == null ? "" : `; ${words.span(say(low), say(high))}`);
  const visitors = (count: number): string => plural(count, ...words.visitor);
  const whole = (value: number): string => formatDecimal(value, 0);
  const counted = (one: Impact["hurt"]["hard"]): string => (one.share === null ? visitors(one.visitors) : words.of(visitors(one.visitors), formatShare(one.share)) + span(one.low, one.high, formatShare));
  const facts: readonly [string, string][] = [
    [words.exposed, words.both(visitors(exposed.visitors), pageViews(exposed.views))],
    [words.hard, counted(hurt.hard)],
    [words.soft, counted(hurt.soft)],
    [words.retries, retries.amplification === null ? formatCount(retries.views) : words.times(formatCount(retries.views), formatDecimal(retries.amplification, 2))],
    [words.gaveUp, gave_up.median_s === null ? formatCount(gave_up.sessions) : gave_up.median_s < 1 ? words.atOnce(formatCount(gave_up.sessions)) : words.after(formatCount(gave_up.sessions), formatDuration(gave_up.median_s * 1000))],
    ...impact.journeys.map((row): [string, string] => [words.excess(row.name ?? row.journey), row.excess === null ? words.untold : whole(row.excess) + span(row.low, row.high, whole)]),
    [words.lost, lost.visitors === null ? words.untold : whole(lost.visitors) + span(lost.low, lost.high, whole)],
    [words.money, money.total === null || money.currency === null ? words.untold : new Intl.NumberFormat(locale(), { style: "currency", currency: money.currency, maximumFractionDigits: 0 }).format(money.total)],
  ];
  return <dl class="fact-list">{facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}

function Segments({ rows, dimension }: { rows: readonly Segment[]; dimension: string }) {
  const { segment } = markWords().incidents;
  if (rows.length === 0) return <Nothing />;
  return (
    <Table label={dimensionName(dimension)} class="groups" rows={rows} by={(row) => row.value} rowClass={(row) => row.visitors < JUDGE_COUNT_MIN && "few"} columns={[
      [dimensionName(dimension), (row) => valueName(dimension, row.value)],
      [segment.hurt, (row) => formatCount(row.hard + row.soft), "number"],
      [segment.there, (row) => formatCount(row.visitors), "number"],
      [segment.failed, (row) => formatCount(row.failed_views), "number wide"],
    ]} />
  );
}
