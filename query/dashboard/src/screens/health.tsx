// "Can we trust these figures?" How fresh they are, what became of everything that arrived, and what was left out of it.

import { address } from "../address/navigate.ts";
import { endsNow } from "../address/range.ts";
import { healthPath } from "../api/paths.ts";
import { partAs, useScreenData } from "../api/screen-data.ts";
import type { Health } from "../api/types.ts";
import { ShareBar } from "../charts/share-bar.tsx";
import { serverNow } from "../api/client.ts";
import { core } from "../words/core.ts";
import { formatCount, formatDuration, formatShare } from "../words/format.ts";
import type { Phrase } from "../words/phrase.ts";
import { healthWords } from "../words/health.ts";
import { dimensionName } from "../words/names.ts";
import { starred } from "../words/starred.ts";
import { formatAgo, rangeWords } from "../words/time.ts";
import { Screen, sentenceOf } from "../widgets/screen.tsx";
import { Table } from "../widgets/table.tsx";
import { known } from "../widgets/term.tsx";
import { Nothing, Widget } from "../widgets/widget.tsx";

type Counts = Readonly<Record<string, number>>;

interface Account extends Health {
  readonly replaced: number;
  readonly filtered: Counts;
  readonly refused: Counts;
  readonly field_drops: Counts;
  readonly folded: Counts;
  readonly bot_share: number | null;
}

/** Later than this, the figures lack what people are living through now. */
const LATE_MS = 15 * 60_000;
/** A larger part of refused reports is the news of the screen. */
const REFUSED_SHARE_MAX = 0.02;

const sum = (counts: Counts): number => Object.values(counts).reduce((total, count) => total + count, 0);
const byCount = (counts: Counts): [string, number][] => Object.entries(counts).sort((a, b) => b[1] - a[1]);

export function HealthScreen({ tz }: { tz: string }) {
  const here = address.value;
  const words = healthWords();
  const data = useScreenData({ health: healthPath(here) });
  const part = partAs<Account>(data, "health");
  return (
    <Screen data={data} phrases={sentenceOf(part, core().chrome.screen.health.question, (account) => told(account, rangeWords(here.range, tz), endsNow(here.range)))}>
      <Widget<Account> class="w-half table-card" title={words.arrived} hint={words.arrivedHint} data={data} part="health">{(answer) => <Outcomes of={answer.data} />}</Widget>
      <Widget<Account> class="w-half table-card" title={words.why} data={data} part="health">{(answer) => <Reasons of={answer.data} />}</Widget>
      <Widget<Account> class="w-half" title={words.fresh} hint={words.freshHint} data={data} part="health">
        {({ data: { lag_seconds: lag } }) => <p class="big">{known(lag, (seconds) => words.behind(formatDuration(seconds * 1000)))}</p>}
      </Widget>
      <Widget<Account> class="w-half" title={words.bots} hint={words.botsHint} data={data} part="health">
        {({ data: { bot_share: share } }) => (share === null ? <Nothing /> : <><p class="big">{formatShare(share)}</p><ShareBar parts={[{ name: "plain", share }]} /></>)}
      </Widget>
      <Widget<Account> class="w-half" title={words.drops} hint={words.dropsHint} data={data} part="health">
        {(answer) => <Counted counts={answer.data.field_drops} head={words.field} none={words.noDrops} name={String} />}
      </Widget>
      <Widget<Account> class="w-half" title={words.folded} hint={words.foldedHint} data={data} part="health">
        {(answer) => <Counted counts={answer.data.folded} head={words.dimension} none={words.noFolded} name={dimensionName} />}
      </Widget>
    </Screen>
  );
}

/** What is wrong comes first; where nothing is, that is the news. */
function told(account: Account, over: string, live: boolean): Phrase[] {
  const words = healthWords();
  if (account.received === 0) return starred(words.nothing(over));
  const age = account.fresh_to === null ? 0 : serverNow() - Date.parse(account.fresh_to);
  const refused = sum(account.refused) / account.received;
  const reason = byCount(account.refused)[0]?.[0] ?? "";
  if (refused > REFUSED_SHARE_MAX) return starred(words.refused(formatShare(refused), words.reasons[reason] ?? reason, over));
  if (live && age > LATE_MS) return starred(words.late(formatAgo(age)));
  return starred(words.sound(formatAgo(age), formatShare((account.accepted + account.replaced) / account.received), over));
}

function Outcomes({ of: account }: { of: Account }) {
  const words = healthWords();
  if (account.received === 0) return <Nothing />;
  const rows: (readonly [outcome: string, count: number, colour: string])[] = [["accepted", account.accepted, "plain"], ["replaced", account.replaced, "delighted"], ["filtered", sum(account.filtered), "annoying"], ["refused", sum(account.refused), "brutal"]];
  return (
    <>
      <ShareBar size="large" parts={rows.map(([, count, name]) => ({ name, share: count / account.received }))} />
      <Table label={words.arrived} rows={[...rows, ["", account.received, ""] as const]} by={([name]) => name} columns={[
        [words.what, ([name, , colour]) => {
          const [outcome, meaning] = words.outcomes[name] ?? [];
          return name === "" ? <b>{words.total}</b> : <><span class={`swatch ${colour}`} aria-hidden="true" />{outcome} <span class="hint">{meaning}</span></>;
        }, "wrap"],
        [words.count, ([name, count]) => (name === "" ? <b>{formatCount(count)}</b> : formatCount(count)), "number"],
        [words.share, ([name, count]) => name !== "" && formatShare(count / account.received), "number"],
      ]} />
    </>
  );
}

function Reasons({ of: account }: { of: Account }) {
  const words = healthWords();
  return <Counted counts={{ ...account.filtered, ...account.refused }} head={words.because} none={words.noReason} name={(reason) => words.reasons[reason] ?? reason} />;
}

function Counted({ counts, head, none, name }: { counts: Counts; head: string; none: string; name: (key: string) => string }) {
  const rows = byCount(counts);
  if (rows.length === 0) return <Nothing>{none}</Nothing>;
  return (
    <Table label={head} rows={rows} by={([key]) => key} columns={[
      [head, ([key]) => name(key), "wrap"],
      [healthWords().count, ([, count]) => formatCount(count), "number"],
    ]} />
  );
}
