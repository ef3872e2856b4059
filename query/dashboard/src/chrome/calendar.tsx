// A month to choose days in, by pointer or keys, as the date grid of the WAI-ARIA practices has it:
// https://www.w3.org/WAI/ARIA/apg/patterns/dialog-modal/examples/datepicker-dialog/
// A day is a number: how many days after 1970-01-01, in whatever zone the reader means.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { core } from "../words/core.ts";
import { locale } from "../words/language.ts";

const DAY_MS = 86_400_000;
/** 1970-01-01 was a Thursday: ISO weekday 4. */
const weekday = (day: number): number => ((((day + 3) % 7) + 7) % 7) + 1;
const written = (day: number, style: Intl.DateTimeFormatOptions): string => new Intl.DateTimeFormat(locale(), { ...style, timeZone: "UTC" }).format(day * DAY_MS);

/** With which weekday a week begins: 1 is Monday, also where the browser does not know. */
export function firstWeekday(language: string): number {
  const known = new Intl.Locale(language) as Intl.Locale & { getWeekInfo?: () => { firstDay: number }; weekInfo?: { firstDay: number } };
  return (known.getWeekInfo?.() ?? known.weekInfo)?.firstDay ?? 1;
}

/** The same day so many months later, or that month's last. */
export function monthsLater(day: number, months: number): number {
  const date = new Date(day * DAY_MS);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + months];
  return Date.UTC(year, month, Math.min(date.getUTCDate(), new Date(Date.UTC(year, month + 1, 0)).getUTCDate())) / DAY_MS;
}

/** The weeks that a day's month touches, each from its first weekday. */
export function weeksOf(day: number, first: number): number[][] {
  const month = day - new Date(day * DAY_MS).getUTCDate() + 1;
  const start = month - ((weekday(month) - first + 7) % 7);
  const weeks = Math.ceil((monthsLater(month, 1) - start) / 7);
  return Array.from({ length: weeks }, (_, week) => Array.from({ length: 7 }, (_, at) => start + week * 7 + at));
}

interface CalendarProps {
  readonly from: number;
  /** The last day that is chosen. */
  readonly to: number;
  /** Later days cannot be chosen: there is nothing in them yet. */
  readonly today: number;
  readonly choose: (from: number, to: number) => void;
}

export function Calendar({ from, to, today, choose }: CalendarProps) {
  const [at, setAt] = useState(Math.min(to, today));
  /** The first of the two days, once it is chosen. */
  const [begun, setBegun] = useState<number | null>(null);
  const byKey = useRef(false);
  const grid = useRef<HTMLTableElement>(null);
  const first = firstWeekday(locale());
  const words = core().chrome.range;
  const weeks = weeksOf(at, first);
  const month = written(at, { month: "long", year: "numeric" });

  // Before the next key can come.
  useLayoutEffect(() => {
    if (byKey.current) grid.current?.querySelector<HTMLElement>("[tabindex='0']")?.focus();
    byKey.current = false;
  }, [at]);

  function go(day: number): void {
    setAt(Math.min(day, today));
  }

  function onKey(event: KeyboardEvent): void {
    const inWeek = (weekday(at) - first + 7) % 7;
    const page = event.shiftKey ? 12 : 1;
    const next: Record<string, number> = {
      ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - 7, ArrowDown: at + 7, Home: at - inWeek, End: at + 6 - inWeek,
      PageUp: monthsLater(at, -page), PageDown: monthsLater(at, page),
    };
    const day = next[event.key];
    if (day === undefined) return;
    event.preventDefault();
    byKey.current = true;
    go(day);
  }

  function pick(day: number): void {
    if (day > today) return;
    setAt(day);
    setBegun(begun === null ? day : null);
    choose(Math.min(begun ?? day, day), Math.max(begun ?? day, day));
  }

  const turn = (months: number, name: string) => (
    <button type="button" class="icon" aria-label={name} disabled={months > 0 && weeks.some((week) => week.includes(today))} onClick={() => go(monthsLater(at, months))}>{months < 0 ? "‹" : "›"}</button>
  );
  return (
    <div class="calendar">
      <div class="month">{turn(-1, words.monthBefore)}<b aria-live="polite">{month}</b>{turn(1, words.monthAfter)}</div>
      <table ref={grid} role="grid" aria-label={month} onKeyDown={onKey}>
        <thead><tr>{weeks[0]?.map((day) => <th key={day} scope="col" abbr={written(day, { weekday: "long" })}>{written(day, { weekday: "short" })}</th>)}</tr></thead>
        <tbody>
          {weeks.map((week) => (
            <tr key={week[0]}>
              {week.map((day) => {
                const outside = written(day, { month: "long", year: "numeric" }) !== month;
                return (
                  <td key={day} role="gridcell" aria-selected={day >= from && day <= to} class={outside ? "outside" : undefined}>
                    <button type="button" tabIndex={day === at ? 0 : -1} data-autofocus={day === at ? "" : undefined} aria-label={written(day, { dateStyle: "full" })}
                      aria-current={day === today ? "date" : undefined} aria-disabled={day > today} onClick={() => pick(day)}>{written(day, { day: "numeric" }).replace(".", "")}</button>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <p class="hint" role="status">{begun === null ? words.firstDay : words.lastDay(written(begun, { day: "numeric", month: "long" }))}</p>
    </div>
  );
}
