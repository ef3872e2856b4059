// The cards that a site and one page of it have in common: the score with what hurt, and the three vitals.

import { comparedRow } from "../api/beside.ts";
import { rowOf } from "../api/read.ts";
import type { ScreenData } from "../api/screen-data.ts";
import type { MetricRow } from "../api/types.ts";
import { core } from "../words/core.ts";
import { CauseList } from "./cause-list.tsx";
import { ComparedLine } from "./compared.tsx";
import { HappinessScore } from "./happiness-card.tsx";
import { MetricTile } from "./metric-tile.tsx";
import { MetricTitle, VITALS } from "./metric-title.tsx";
import { Term } from "./term.tsx";
import { Widget } from "./widget.tsx";

interface CardsProps {
  /** With the answer `summary`, and what it is compared with. */
  readonly data: ScreenData;
  readonly tz: string;
}

export function ScoreCards({ data, tz }: CardsProps) {
  return (
    <>
      <Widget<MetricRow[]> class="w-score" title={<Term of="happiness" />} data={data} part="summary">
        {(answer) => <HappinessScore row={rowOf(answer.data, "happiness")} compared={<ComparedLine row={comparedRow(data, "happiness")} tz={tz} />} />}
      </Widget>
      <Widget<MetricRow[]> class="w-causes" title={core().sentences.titles.hurt} data={data} part="summary">
        {(answer) => <CauseList row={rowOf(answer.data, "happiness")} />}
      </Widget>
    </>
  );
}

export function VitalCards({ data, tz }: CardsProps) {
  return (
    <>
      {VITALS.map((metric) => (
        <Widget<MetricRow[]> key={metric} class="w-third tile-card" data={data} part="summary" title={<MetricTitle metric={metric} />}>
          {(answer) => <MetricTile row={rowOf(answer.data, metric)} metric={metric} compared={<ComparedLine row={comparedRow(data, metric)} tz={tz} />} />}
        </Widget>
      ))}
    </>
  );
}
