// The alerts: what goes on first; a button says that one takes care of it.

import { useState } from "preact/hooks";
import { FRESH } from "../../address/address.ts";
import { address, hrefWith } from "../../address/navigate.ts";
import { isShared } from "../../api/token.ts";
import { send } from "../../api/client.ts";
import { sitePath } from "../../api/paths.ts";
import type { Alert } from "../../api/promise-types.ts";
import { promiseWords } from "../../words/promises.ts";
import { formatTime } from "../../words/time.ts";
import { Link } from "../../widgets/link.tsx";

export function AlertTable({ alerts, tz, changed }: { alerts: readonly Alert[]; tz: string; changed: () => void }) {
  const words = promiseWords();
  const time = (at: string): string => formatTime(Date.parse(at), "full", tz);
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.titles.alerts}>
      <table class="groups alerts">
        <thead>
          <tr>
            <th scope="col">{words.alert.what}</th>
            <th scope="col">{words.rule.state}</th>
            <th scope="col" class="wide">{words.alert.since}</th>
            <th scope="col">{words.alert.care}</th>
          </tr>
        </thead>
        <tbody>
          {alerts.map((alert) => (
            <tr key={alert.id}>
              <th scope="row">
                <Link class="row" href={hrefWith({ screen: "promises", ...FRESH, id: alert.slo })}>{alert.words}</Link>
                {alert.page !== null && <> <Link class="over" href={hrefWith({ screen: "pages", ...FRESH, page: alert.page })}>{alert.page}</Link></>}
              </th>
              <td><span class={`badge ${alert.state === "firing" ? "poor" : alert.state === "pending" ? "fair" : "none"}`}>{words.rule.states[alert.state]}</span></td>
              <td class="wide">{alert.resolved_at === null ? time(alert.since) : words.alert.over(time(alert.resolved_at))}</td>
              <td><Care alert={alert} tz={tz} changed={changed} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Care({ alert, tz, changed }: { alert: Alert; tz: string; changed: () => void }) {
  const [fault, setFault] = useState("");
  const words = promiseWords().alert;
  if (alert.acknowledged_by !== null) return <>{words.taken(alert.acknowledged_by)}</>;
  if (alert.silenced_until !== null) return <>{words.silenced(formatTime(Date.parse(alert.silenced_until), "full", tz))}</>;
  if (alert.state === "resolved" || isShared()) return <>–</>;

  async function take(): Promise<void> {
    const written = await send<Alert>("POST", sitePath(address.value, "alerts", alert.id, "acknowledge"));
    if (written.ok) changed();
    else setFault(written.problem.detail ?? written.problem.title);
  }
  return (
    <>
      <button type="button" class="button over" onClick={() => void take()}>{words.take}</button>
      {fault !== "" && <span class="hint" role="alert">{` ${fault}`}</span>}
    </>
  );
}
