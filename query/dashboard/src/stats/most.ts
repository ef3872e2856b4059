// The row that stands out.

/** The row that weighs most, the first of equals; none where there is none. */
export function most<Row>(rows: readonly Row[], weigh: (row: Row) => number): Row | undefined {
  return rows.reduce<Row | undefined>((best, row) => (best === undefined || weigh(row) > weigh(best) ? row : best), undefined);
}
