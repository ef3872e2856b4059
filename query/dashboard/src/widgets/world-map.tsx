// Where visitors are, and how happy: a map with a colour a country. The outlines are fetched when the map is; they come
// from `npm run world`. Countries too small to be drawn are in the table.

import { useEffect, useState } from "preact/hooks";
import { withFilter } from "../address/filter.ts";
import { address, navigate } from "../address/navigate.ts";
import { apiPath } from "../api/paths.ts";
import { groupsOf } from "../api/read.ts";
import { useScreenData } from "../api/screen-data.ts";
import type { BreakdownRow } from "../api/types.ts";
import { confidence, LEVELS } from "../stats/happiness.ts";
import { most } from "../stats/most.ts";
import { core } from "../words/core.ts";
import { formatCount, formatScore, pageViews, plural } from "../words/format.ts";
import { moodOf } from "../words/headline.ts";
import { mapWords } from "../words/map.ts";
import { valueName } from "../words/names.ts";
import { Figure } from "./figure.tsx";
import { Nothing, Widget } from "./widget.tsx";

/** More countries than there are. */
const COUNTRIES_MAX = 300;
const MOODS = ["very_happy", "happy", "half_happy", "unhappy"] as const;

interface Outlines {
  readonly viewBox: string;
  readonly paths: readonly { id: string; d: string }[];
}

interface Country {
  readonly code: string;
  readonly name: string;
  readonly count: number;
  readonly value: number | null;
}

/** The colour of a mood, as the level that feels like it; without a verdict, grey. */
function colourOf({ count, value }: Country): string {
  return value === null || confidence(count) !== "ok" ? "unsure" : LEVELS[MOODS.indexOf(moodOf(value))] ?? "unsure";
}

export function WorldMap() {
  const here = address.value;
  const words = mapWords();
  const data = useScreenData({ map: apiPath(here, "breakdown", [["by", "country"], ["metrics", "happiness"], ["order", "-views"], ["limit", String(COUNTRIES_MAX)]]) });
  return (
    <Widget<BreakdownRow[]> class="map-card" title={words.title} data={data} part="map">
      {(answer) => {
        const countries = groupsOf(answer.data, "country").flatMap((group): Country[] => {
          const row = group.rows["happiness"];
          return /^[A-Z]{2}$/.test(group.name) ? [{ code: group.name, name: valueName("country", group.name), count: row?.count ?? 0, value: row?.value ?? null }] : [];
        });
        return countries.length === 0 ? <Nothing /> : <MapFigure countries={countries} />;
      }}
    </Widget>
  );
}

function MapFigure({ countries }: { countries: readonly Country[] }) {
  const words = mapWords();
  const outlines = useOutlines();
  const [cursor, setCursor] = useState<number | null>(null);
  const judged = countries.filter((country) => colourOf(country) !== "unsure");
  const worst = most(judged, ({ value }) => -(value ?? 0));
  const from = plural(countries.length, ...words.country);
  const summary = worst === undefined ? words.summaryFew(from) : words.summary(from, worst.name, formatScore(worst.value ?? 0));
  const current = cursor === null ? undefined : countries[cursor];
  const say = ({ name, count, value }: Country): string =>
    value === null || confidence(count) === "few" ? words.few(name, pageViews(count)) : words.says(name, formatScore(value), pageViews(count));
  const show = (code: string): void => navigate({ filters: withFilter(address.value.filters, { dimension: "country", op: "is", values: [code] }) });

  function onKeyDown(event: KeyboardEvent): void {
    const last = countries.length - 1;
    const target: Record<string, number> = { ArrowRight: cursor === null ? 0 : cursor + 1, ArrowDown: cursor === null ? 0 : cursor + 1, ArrowLeft: cursor === null ? last : cursor - 1, ArrowUp: cursor === null ? last : cursor - 1, Home: 0, End: last };
    if (event.key === "Escape") setCursor(null);
    if (event.key === "Enter" && current !== undefined) show(current.code);
    const next = target[event.key];
    if (next === undefined) return;
    event.preventDefault();
    setCursor(Math.min(last, Math.max(0, next)));
  }

  return (
    <Figure
      summary={summary}
      columns={words.columns}
      rows={() => countries.map((country) => [country.name, country.value === null || confidence(country.count) === "few" ? words.tooFew : formatScore(country.value), formatCount(country.count)])}
      legend={
        <ul class="legend">
          {MOODS.map((mood, index) => <li key={mood}><span class={`swatch ${LEVELS[index]}`} aria-hidden="true" />{core().sentences.moods[mood]}</li>)}
          <li><span class="swatch unsure" aria-hidden="true" />{words.fewLegend}</li>
        </ul>
      }
    >
      <div class="chart map" role="application" aria-roledescription="map" aria-label={`${summary} ${words.label}`} tabIndex={0} onKeyDown={onKeyDown} onBlur={() => setCursor(null)} onPointerLeave={() => setCursor(null)}>
        <svg viewBox={outlines?.viewBox ?? "0 0 800 346"} aria-hidden="true" focusable="false">
          {outlines?.paths.map(({ id, d }) => {
            const index = countries.findIndex(({ code }) => code === id);
            const country = countries[index];
            return country === undefined ? <path key={id} d={d} />
              : <path key={id} d={d} class={`${colourOf(country)} ${index === cursor ? "current" : ""}`} onPointerEnter={() => setCursor(index)} onClick={() => show(id)} />;
          })}
        </svg>
      </div>
      <p class="readout" aria-live="polite" data-idle={current === undefined ? "" : undefined}>{current === undefined ? words.idle : say(current)}</p>
    </Figure>
  );
}

/** Null until they are there; without them the figures are still read, by keys and as a table. */
function useOutlines(): Outlines | null {
  const [outlines, setOutlines] = useState<Outlines | null>(null);
  useEffect(() => {
    let over = false;
    const read = async (): Promise<void> => {
      const response = await fetch("/world.svg");
      const svg = new DOMParser().parseFromString(await response.text(), "image/svg+xml").documentElement;
      const paths = [...svg.querySelectorAll("path")].map((path) => ({ id: path.id, d: path.getAttribute("d") ?? "" }));
      if (!over) setOutlines({ viewBox: svg.getAttribute("viewBox") ?? "", paths });
    };
    void read().catch(() => undefined);
    return () => {
      over = true;
    };
  }, []);
  return outlines;
}
