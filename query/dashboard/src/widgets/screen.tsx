// What every screen is: the way back, the sentence, what the server warns of, and the cards. Before a site's first visit, how
// to get one.

import type { ComponentChildren } from "preact";
import { partAs, type ScreenData } from "../api/screen-data.ts";
import type { Health, MetricRow, Part } from "../api/types.ts";
import { loadPanels } from "../chrome/panels.ts";
import type { Phrase } from "../words/phrase.ts";
import { Headline } from "./headline.tsx";
import { lazy } from "./lazy.tsx";
import { Link } from "./link.tsx";
import { NoVisits } from "./no-visits.tsx";
import { Warnings } from "./warnings.tsx";

const FirstVisit = lazy(() => loadPanels().then((file) => file.FirstVisit));

interface ScreenProps {
  readonly data: ScreenData;
  /** The sentence at the top; null while it is asked for. */
  readonly phrases: readonly Phrase[] | null;
  /** The list that this is one of: where it is, and what it is called. */
  readonly back?: readonly [href: string, words: string];
  /** Whether nothing falls into the question: then the ways out of that stand instead of the cards. */
  readonly nothing?: boolean;
  /** Between the sentence and the cards. */
  readonly above?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export function Screen({ data, phrases, back, nothing, above, class: own = "", children }: ScreenProps) {
  const health = partAs<Health>(data, "health");
  if (health?.ok && health.answer.data.waiting && !data.stale) return <FirstVisit arrived={data.retry} />;
  return (
    <>
      {back && <p class="crumbs"><Link href={back[0]}><span aria-hidden="true">← </span>{back[1]}</Link></p>}
      <Headline phrases={phrases} stale={data.stale} />
      <Warnings data={data} />
      {nothing && <NoVisits />}
      {above}
      <div class={`grid ${own}`} hidden={nothing}>{children}</div>
    </>
  );
}

/** The sentence made from an answer; the question itself where that failed, and null while it is asked for. */
export function sentenceOf<Row>(part: Part<Row> | undefined, question: string, say: (rows: Row) => readonly Phrase[]): readonly Phrase[] | null {
  if (part === undefined) return null;
  return part.ok ? say(part.answer.data) : [{ text: question }];
}

/** Whether nothing falls into the screen's question, as its summary tells. */
export function isEmpty(data: ScreenData): boolean {
  const summary = partAs<MetricRow[]>(data, "summary");
  return summary?.ok === true && !data.stale && (summary.answer.meta.views ?? summary.answer.data.find(({ metric }) => metric === "happiness")?.count ?? 0) === 0;
}
