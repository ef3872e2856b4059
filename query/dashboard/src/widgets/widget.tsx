// A card that shows one answer. It owns the waiting, the failing and the way out of a failure, so that trouble
// stays inside it; charts and tables only ever see an answer.

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { address, hrefWith } from "../address/navigate.ts";
import { problemText } from "../api/client.ts";
import { partAs, type ScreenData } from "../api/screen-data.ts";
import type { Answer, Problem } from "../api/types.ts";
import { DataMenu } from "./data-menu.tsx";
import { Link } from "./link.tsx";
import { core } from "../words/core.ts";

interface WidgetProps<Row> {
  readonly title: ComponentChildren;
  /** What the number means, in one line under the title. */
  readonly hint?: ComponentChildren;
  readonly data: ScreenData;
  /** Which question of the screen it shows. */
  readonly part: string;
  /** A class that reserves its room and place. */
  readonly class?: string;
  readonly actions?: ComponentChildren;
  readonly children: (answer: Answer<Row>) => ComponentChildren;
}

export function Widget<Row>({ title, hint, data, part: name, class: own = "", actions, children }: WidgetProps<Row>) {
  const id = useId();
  const part = partAs<Row>(data, name);
  const path = data.paths[name];
  return (
    <section class={`card ${own}`} aria-labelledby={id} aria-busy={part === undefined || data.stale}>
      <header>
        <h2 id={id}>{title}</h2>
        <div class="actions">
          {actions}
          {part?.ok && path !== undefined && <DataMenu path={path} name={name} />}
        </div>
      </header>
      {hint !== undefined && <p class="hint">{hint}</p>}
      <div class={`body ${data.stale ? "stale" : ""}`}>
        {part === undefined ? <Waiting /> : part.ok ? children(part.answer) : <Failed problem={part.problem} retry={data.retry} />}
      </div>
    </section>
  );
}

function Waiting() {
  return (
    <div class="waiting" role="status">
      <span class="sr-only">{core().chrome.loading}</span>
      <span class="bone" /><span class="bone" /><span class="bone short" />
    </div>
  );
}

export function Failed({ problem, retry }: { problem: Problem; retry: () => void }) {
  const words = core().widgets.failed;
  const filtered = address.value.filters.length > 0;
  const question = problem.status >= 400 && problem.status < 500 && problem.status !== 429;
  const meant = problem.did_you_mean === undefined ? "" : [problem.did_you_mean].flat().join(", ");
  return (
    <div class="failed" role="alert">
      <p>
        <strong>{question ? words.question : words.later}</strong>{" "}
        {sentence(problemText(problem))}
        {meant !== "" && words.meant(meant)}
      </p>
      <p class="ways">
        <button type="button" class="button" onClick={retry}>{words.again}</button>
        {filtered && <Link class="button" href={hrefWith({ filters: [] })}>{core().widgets.noVisits.removeFilters}</Link>}
      </p>
    </div>
  );
}

function sentence(text: string): string {
  const upper = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(upper) ? upper : `${upper}.`;
}

export function Nothing({ children }: { children?: ComponentChildren }) {
  return <p class="nothing">{children ?? core().widgets.nothing}</p>;
}
