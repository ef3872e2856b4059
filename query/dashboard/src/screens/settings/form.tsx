// The small forms of the settings, and the tables above them: what they have in common.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { problemText, send, type Written } from "../../api/client.ts";
import { partAs, type ScreenData } from "../../api/screen-data.ts";
import type { Problem } from "../../api/types.ts";
import { settingsWords } from "../../words/settings.ts";
import { type Column, Table } from "../../widgets/table.tsx";
import { Nothing, Widget } from "../../widgets/widget.tsx";

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly type?: "text" | "email" | "password" | "url" | "number" | "lines";
  readonly options?: Readonly<Record<string, string>>;
  readonly optional?: boolean;
  /** A regular expression that the text must match, with an example of it. */
  readonly pattern?: string;
}

export type Values = Readonly<Record<string, string>>;

export function problemWords(problem: Problem): string {
  const words = settingsWords();
  if (problem.status === 403 || problem.status === 401) return words.adminsOnly;
  const text = problemText(problem);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

interface SmallFormProps {
  readonly label: string;
  readonly fields: readonly Field[];
  readonly submit: (values: Values) => Promise<Written<unknown>>;
  readonly done: (written: unknown) => void;
}

/** Closed until somebody wants it. What is refused is said, and what was typed stays. */
export function SmallForm({ label, fields, submit, done }: SmallFormProps) {
  const [said, setSaid] = useState("");
  const [failed, setFailed] = useState(false);
  async function onSubmit(event: Event): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const part = await submit(Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()])));
    setFailed(!part.ok);
    setSaid(part.ok ? settingsWords().done : problemWords(part.problem));
    if (!part.ok) return;
    form.reset();
    done(part.data);
  }
  return (
    <details class="more">
      <summary>{label}</summary>
      <form class="form" onSubmit={(event) => void onSubmit(event)}>
        {fields.map(({ name, label: text, type = "text", options, optional = false, pattern }) => (
          <label key={name}>
            {text}
            {options !== undefined ? <select name={name}>{Object.entries(options).map(([key, word]) => <option key={key} value={key}>{word}</option>)}</select>
              : type === "lines" ? <textarea name={name} rows={4} required={!optional} spellcheck={false} />
              : <input name={name} type={type as "text"} required={!optional} min={1} pattern={pattern} autocomplete={type === "password" ? "new-password" : "off"} />}
          </label>
        ))}
        <button type="submit" class="button primary">{label}</button>
        <p role={failed ? "alert" : "status"} class={failed ? "failed" : "hint"} hidden={said === ""}>{said}</p>
      </form>
    </details>
  );
}

/** Asks once more before it removes. */
export function RemoveButton({ what, path, removed }: { what: string; path: string; removed: () => void }) {
  const words = settingsWords();
  const [asked, setAsked] = useState(false);
  const [said, setSaid] = useState("");
  async function remove(): Promise<void> {
    if (!asked) return setAsked(true);
    const part = await send("DELETE", path);
    if (part.ok) removed();
    else setSaid(problemWords(part.problem));
  }
  return (
    <>
      <button type="button" class="quiet" aria-label={asked ? undefined : words.removeSpoken(what)} onClick={() => void remove()} onBlur={() => setAsked(false)}>{asked ? words.sure : words.remove}</button>
      <span role="status">{said}</span>
    </>
  );
}

interface KeptProps<Row> {
  readonly title: string;
  readonly hint?: string;
  readonly data: ScreenData;
  readonly part: string;
  readonly none: string;
  readonly columns: readonly string[];
  readonly row: (row: Row) => { key: string; cells: readonly ComponentChildren[] };
  readonly children?: ComponentChildren;
}

/** A list of what is kept, and below it what makes one more. Who may not see it is told so. */
export function Kept<Row>({ title, hint, data, part: name, none, columns, row, children }: KeptProps<Row>) {
  const words = settingsWords();
  const part = partAs<Row[]>(data, name);
  const closed = part?.ok === false && [401, 403, 404].includes(part.problem.status);
  if (closed) {
    return (
      <section class="card w-half">
        <header><h2>{title}</h2></header>
        <Nothing>{part.problem.status === 404 ? words.notHere : words.adminsOnly}</Nothing>
      </section>
    );
  }
  return (
    <Widget<Row[]> class="w-half" title={title} hint={hint} data={data} part={name}>
      {(answer) => (
        <>
          {answer.data.length === 0 ? <Nothing>{none}</Nothing> : (
            <Table label={title} rows={answer.data.map(row)} by={({ key }) => key}
              columns={[...columns, <span class="sr-only">{words.remove}</span>].map((column, index): Column<ReturnType<typeof row>> => [column, ({ cells }) => cells[index], index === 0 ? "wrap" : undefined])} />
          )}
          {children}
        </>
      )}
    </Widget>
  );
}
