// The steps of a time chart: where each begins and ends.

/** Steps run from their time to the next one's; the last ends where the question did. */
export function stepsOf<Row extends { readonly time: string }>(rows: readonly Row[], to: string | undefined): (Row & { from: number; to: number })[] {
  const starts = rows.map((row) => Date.parse(row.time));
  const usual = starts.length > 1 ? (starts[1] ?? 0) - (starts[0] ?? 0) : 60_000;
  const asked = to === undefined ? Number.NaN : Date.parse(to);
  return rows.map((row, index) => {
    const from = starts[index] ?? 0;
    const full = from + usual;
    return { ...row, from, to: starts[index + 1] ?? (asked > from && asked < full ? asked : full) };
  });
}
