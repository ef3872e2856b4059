// A table of rows in a frame that scrolls where it is too wide. A column is said once: its head, and what stands under it.

import type { ComponentChildren } from "preact";

/** The first column of a table names its rows. A class is for the head and all that stands under it. */
export type Column<Row> = readonly [head: ComponentChildren, cell: (row: Row, index: number) => ComponentChildren, own?: string | undefined];

interface TableProps<Row> {
  /** What the frame is called when the keyboard reaches it. */
  readonly label: string;
  readonly class?: string;
  readonly rows: readonly Row[];
  /** What a row is told apart by. */
  readonly by: (row: Row) => string;
  readonly columns: readonly Column<Row>[];
  readonly rowClass?: (row: Row) => string | false;
  /** Under the table. */
  readonly children?: ComponentChildren;
}

export function Table<Row>({ label, class: own, rows, by, columns, rowClass, children }: TableProps<Row>) {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={label}>
      <table class={own}>
        <thead><tr>{columns.map(([head, , place], index) => <th key={index} scope="col" class={place}>{head}</th>)}</tr></thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={by(row)} class={rowClass?.(row) || undefined}>
              {columns.map(([, cell, place], index) => (index === 0 ? <th key={index} scope="row" class={place}>{cell(row, at)}</th> : <td key={index} class={place}>{cell(row, at)}</td>))}
            </tr>
          ))}
        </tbody>
      </table>
      {children}
    </div>
  );
}
