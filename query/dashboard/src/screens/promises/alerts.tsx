// The alerts: what goes on first; a button says that one takes care of it.

import { useState } from "preact/hooks";
import { FRESH } from "../../address/address.ts";
import { address, hrefWith } from "../../address/navigate.ts";
import { isShared } from "../../api/token.ts";
import { problemText, send } from "../../api/client.ts";
import { sitePath } from "../../api/paths.ts";
import type { Alert } from "../../api/promise-types.ts";
import { promiseWords } from "../../words/promises.ts";
import { formatAt } from "../../words/time.ts";
import { Link } from "../../widgets/link.tsx";
import { Table } from "../../widgets/table.tsx";

export function AlertTable({ alerts, tz, changed }: { alerts: readonly Alert[]; tz: string; changed: () => void }) {
  const words = promiseWords();
  const time = (at: string): string => formatAt(at, tz);
  return (
    <Table label={words.titles.alerts} class="groups alerts" rows={alerts} by={(alert) => alert.id} columns={[
      [words.alert.what, (alert) => (
        <>
          <Link class="row" href={hrefWith({ screen: "promises", ...FRESH, id: alert.slo })}>{alert.words}</Link>
          {alert.page !== null && <> <Link class="over" href={hrefWith({ screen: "pages", ...FRESH, page: alert.page })}>{alert.page}</Link></>}
        </>
      )],
      [words.rule.state, ({ state }) => <span class={`badge ${state === "firing" ? "poor" : state === "pending" ? "fair" : "none"}`}>{words.rule.states[state]}</span>],
      [words.alert.since, (alert) => (alert.resolved_at === null ? time(alert.since) : words.alert.over(time(alert.resolved_at))), "wide"],
      [words.alert.care, (alert) => <Care alert={alert} tz={tz} changed={changed} />],
    ]} />
  );
}

function Care({ alert, tz, changed }: { alert: Alert; tz: string; changed: () => void }) {
  const [fault, setFault] = useState("");
  const words = promiseWords().alert;
  if (alert.acknowledged_by !== null) return <>{words.taken(alert.acknowledged_by)}</>;
  if (alert.silenced_until !== null) return <>{words.silenced(formatAt(alert.silenced_until, tz))}</>;
  if (alert.state === "resolved" || isShared()) return <>–</>;

  async function take(): Promise<void> {
    const written = await send<Alert>("POST", sitePath(address.value, "alerts", alert.id, "acknowledge"));
    if (written.ok) changed();
    else setFault(problemText(written.problem));
  }
  return (
    <>
      <button type="button" class="button over" onClick={() => void take()}>{words.take}</button>
      {fault !== "" && <span class="hint" role="alert">{` ${fault}`}</span>}
    </>
  );
}
