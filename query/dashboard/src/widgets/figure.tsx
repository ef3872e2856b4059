// A chart with what every chart owes: a summary in words, and the same data as a table.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { core } from "../words/core.ts";

interface FigureProps {
  /** What the picture shows, in a sentence made from the data. */
  readonly summary: string;
  readonly columns: readonly string[];
  readonly rows: () => readonly (readonly string[])[];
  readonly legend?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Figure({ summary, columns, rows, legend, children }: FigureProps) {
  const [asTable, setAsTable] = useState(false);
  const words = core().widgets.chart;
  return (
    <figure>
      <figcaption>{summary}</figcaption>
      {asTable ? <DataTable caption={summary} columns={columns} rows={rows()} /> : children}
      <div class="figure-foot">
        {legend}
        <button type="button" class="quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          {asTable ? words.asChart : words.asTable}
        </button>
      </div>
    </figure>
  );
}

function DataTable({ caption, columns, rows }: { caption: string; columns: readonly string[]; rows: readonly (readonly string[])[] }) {
  return (
    <div class="scroll data-table" tabIndex={0} role="group" aria-label={caption}>
      <table>
        <caption class="sr-only">{caption}</caption>
        <thead>
          <tr>{columns.map((column, index) => <th key={column} scope="col" class={index > 0 ? "number" : undefined}>{column}</th>)}</tr>
        </thead>
        <tbody>
          {rows.map((cells, row) => (
            <tr key={row}>
              {cells.map((cell, index) => (index === 0 ? <th key={index} scope="row">{cell}</th> : <td key={index} class="number">{cell}</td>))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
