// "What did one visitor live through?" Visits, the unhappiest first, with what visitors said; and one visit's story.

import { useState } from "preact/hooks";
import { address, hrefWith } from "../address/navigate.ts";
import { apiPath } from "../api/paths.ts";
import { partAs, useScreenData } from "../api/screen-data.ts";
import type { Meta, Part } from "../api/types.ts";
import type { FeedbackRow, SessionRow, Visit } from "../api/visits.ts";
import { core } from "../words/core.ts";
import { formatCount, formatDuration, formatShare, plural } from "../words/format.ts";
import type { Phrase } from "../words/phrase.ts";
import { dimensionName, valueName } from "../words/names.ts";
import { sessionWords } from "../words/sessions.ts";
import { starred } from "../words/starred.ts";
import { formatAt, rangeWords } from "../words/time.ts";
import { Choice } from "../widgets/choice.tsx";
import { Code } from "../widgets/code.tsx";
import { Felt } from "../widgets/felt.tsx";
import { Headline } from "../widgets/headline.tsx";
import { Link } from "../widgets/link.tsx";
import { Screen, sentenceOf } from "../widgets/screen.tsx";
import { known } from "../widgets/term.tsx";
import { Timeline } from "../widgets/timeline.tsx";
import { visitHref, VisitsTable } from "../widgets/visits-table.tsx";
import { Widget } from "../widgets/widget.tsx";
import { noVisitsSentence } from "../words/no-visits.ts";
import { most } from "../stats/most.ts";

const ROWS = 25;
const ROWS_MAX = 1000;
const DEFAULT_ORDER = "-unhappy";

export function SessionsScreen({ tz }: { tz: string }) {
  const { id } = address.value;
  return id === null ? <AllVisits tz={tz} /> : <OneVisit key={id} id={id} tz={tz} />;
}

const refused = (part: Part<unknown> | undefined): boolean => part?.ok === false && part.problem.status === 403;

function AllVisits({ tz }: { tz: string }) {
  const here = address.value;
  const words = sessionWords();
  const [rows, setRows] = useState(ROWS);
  const order = here.order ?? DEFAULT_ORDER;
  const data = useScreenData({ sessions: apiPath(here, "sessions", [["order", order], ["limit", String(rows)]]), feedback: apiPath(here, "feedback", [["limit", "12"]]) });
  const part = partAs<SessionRow[]>(data, "sessions");
  if (refused(part)) return <NeedsScope />;
  const nothing = part?.ok === true && part.answer.data.length === 0 && !data.stale;
  const over = rangeWords(here.range, tz);
  return (
    <Screen data={data} nothing={nothing} phrases={nothing ? noVisitsSentence(here, tz)
      : sentenceOf(part, core().chrome.screen.sessions.question, (visits) => listSentence(visits, part?.ok ? part.answer.meta.groups : undefined, over))}>
      <Widget<SessionRow[]> class="table-card tall" title={words.title} data={data} part="sessions" actions={<OrderChoice order={order} />}>
        {(answer) => (
          <>
            <VisitsTable rows={answer.data} tz={tz} />
            {answer.data.length >= rows && rows < ROWS_MAX && <p class="more"><button type="button" class="button" onClick={() => setRows(rows + ROWS)}>{words.more}</button></p>}
          </>
        )}
      </Widget>
      <Widget<FeedbackRow[]> title={words.feedback} data={data} part="feedback">
        {(answer) => <Feedback rows={answer.data} meta={answer.meta} tz={tz} />}
      </Widget>
    </Screen>
  );
}

function listSentence(rows: readonly SessionRow[], all: number | undefined, over: string): Phrase[] {
  const words = sessionWords();
  const worst = most(rows.filter(({ points }) => points !== null), ({ points }) => -(points ?? 0));
  const told = worst === undefined ? "" : words.worst(formatCount(worst.points ?? 0), worst.cause === null ? "" : words.because(core().names.causes[worst.cause].because), worst.entry_page);
  const count = plural(all ?? rows.length, ...words.visit);
  return starred(words.list(all === undefined && rows.length >= ROWS ? `≥ ${count}` : count, over, told));
}


function OrderChoice({ order }: { order: string }) {
  const words = sessionWords();
  return <Choice label={words.order} options={Object.entries(words.orders).map(([key, label]) => [label, hrefWith({ order: key === DEFAULT_ORDER ? null : key }), key === order])} />;
}

/** What visitors answered, beside what they had felt. */
function Feedback({ rows, meta, tz }: { rows: readonly FeedbackRow[]; meta: Meta & { count?: number; mean?: number | null }; tz: string }) {
  const words = sessionWords();
  if (rows.length === 0) return <div class="teach"><p>{words.noFeedback}</p><Code>{'felt("feedback", { score: 4, of: 5, text: "…" });'}</Code></div>;
  return (
    <>
      {meta.mean != null && <p class="hint">{words.feedbackMean(formatShare(meta.mean), plural(meta.count ?? rows.length, ...words.answer))}</p>}
      <ul class="quotes">
        {rows.map((row) => (
          <li key={row.at + row.session}>
            <blockquote>{row.text ? `“${row.text}”` : <span class="hint">{words.noWords}</span>}</blockquote>
            <p class="hint">
              {row.score !== null && <b>{words.score(formatCount(row.score), String(row.of ?? "?"))} </b>}
              <Felt level={row.level} />{row.cause && `: ${core().names.causes[row.cause].clause}`} · {row.page} · {formatAt(row.at, tz)}{" "}
              <Link href={visitHref(row.visit ?? row.session)}>{words.its}</Link>
            </p>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Who is looking may see sums only: why, and how that is changed. */
function NeedsScope() {
  const words = sessionWords();
  return (
    <>
      <Headline phrases={starred(words.scopeTitle)} stale={false} />
      <div class="card teach">
        <p>{words.scopeWhy}</p>
        <Code>{`felt token create --site ${address.value.site} --scope read:metrics,read:sessions`}</Code>
      </div>
    </>
  );
}

function OneVisit({ id, tz }: { id: string; tz: string }) {
  const { site } = address.value;
  const words = sessionWords();
  const data = useScreenData({ visit: `/api/v1/sites/${encodeURIComponent(site ?? "")}/sessions/${encodeURIComponent(id)}` }, false);
  const part = partAs<Visit>(data, "visit");
  if (refused(part)) return <NeedsScope />;
  const gone = part?.ok === false && part.problem.status === 404;
  return (
    <Screen data={data} phrases={sentenceOf(part, gone ? words.gone : core().chrome.screen.sessions.question, told)} back={[hrefWith({ id: null }), words.all]}>
      {!gone && (
        <>
          <Widget<Visit> class="w-wide" title={words.story} data={data} part="visit">{(answer) => <Timeline visit={answer.data} />}</Widget>
          <Widget<Visit> class="w-third" title={words.facts} hint={words.noName} data={data} part="visit">{(answer) => <Facts visit={answer.data} tz={tz} />}</Widget>
        </>
      )}
    </Screen>
  );
}

function told(visit: Visit): Phrase[] {
  const words = sessionWords();
  const points = visit.points === null ? words.unjudged : `${words.points(formatCount(visit.points))}${visit.cause === null ? "" : words.because(core().names.causes[visit.cause].because)}`;
  return starred(words.one(plural(visit.views, ...words.view), formatDuration(visit.duration_ms), points));
}

function Facts({ visit, tz }: { visit: Visit; tz: string }) {
  const words = sessionWords();
  const others = (visit.visits ?? []).filter((other) => other.id !== visit.id);
  return (
    <>
      <dl class="facts">
        <div><dt>{words.began}</dt><dd>{formatAt(visit.started_at, tz)}</dd></div>
        {(["country", "device", "os", "browser", "release"] as const).map((dimension) => (
          <div key={dimension}><dt>{dimensionName(dimension)}</dt><dd>{known(visit[dimension], (name) => valueName(dimension, name))}</dd></div>
        ))}
      </dl>
      {others.length > 0 && (
        <>
          <h3>{words.others}</h3>
          <ul>{others.map((other) => <li key={other.id}><Link href={visitHref(other.id)}>{formatAt(other.started_at, tz)}</Link> <span class="hint">{plural(other.views, ...words.view)}</span></li>)}</ul>
        </>
      )}
    </>
  );
}
