// The small forms of the settings, and the tables above them: what they have in common.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { address } from "../../address/navigate.ts";
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

/** "Check out" → `check-out`: what the API takes as an id. */
export const idOf = (name: string): string => name.toLowerCase().replace(/[^a-z0-9._]+/g, "-").replace(/^-|-$/g, "").slice(0, 64);

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

interface TryOutProps<Row> {
  /** What is tried, as `PATH/preview` takes it. */
  readonly tried: object;
  readonly path: string;
  /** Why this cannot even be tried. */
  readonly wrong?: string | false;
  /** What the preview says in a sentence, and what it shows. */
  readonly sentence: (found: Row) => string;
  readonly show: (found: Row) => ComponentChildren;
  readonly keepLabel: string;
  readonly keep: () => Promise<Written<unknown>>;
  readonly kept: () => void;
  readonly children: ComponentChildren;
}

/** Tried on past visits before it is kept. A preview only stands as long as what it was made of. */
export function TryOut<Row>({ tried, path, wrong = false, sentence, show, keepLabel, keep, kept, children }: TryOutProps<Row>) {
  const words = settingsWords();
  const key = JSON.stringify(tried);
  const [last, setLast] = useState<{ key: string; said: string; found?: Row | undefined }>({ key, said: "" });
  const { said, found } = last.key === key ? last : { said: "", found: undefined };

  async function tryOut(event: Event): Promise<void> {
    event.preventDefault();
    if (wrong !== false) return setLast({ key, said: wrong });
    const part = await send<Row>("POST", `${path}/preview`, { ...tried, range: address.value.range.preset ?? "28d" });
    setLast(part.ok ? { key, said: sentence(part.data), found: part.data } : { key, said: problemWords(part.problem) });
  }

  async function onKeep(): Promise<void> {
    const part = await keep();
    setLast({ key, said: part.ok ? words.wasSet : problemWords(part.problem), found });
    if (part.ok) kept();
  }

  return (
    <form class="form" onSubmit={(event) => void tryOut(event)}>
      {children}
      <button type="submit" class="button">{words.preview}</button>
      <p role="status"><b>{said}</b></p>
      {found !== undefined && <>{show(found)}<button type="button" class="button primary" onClick={() => void onKeep()}>{keepLabel}</button></>}
    </form>
  );
}

/** Asks once more before it removes. A label of its own says what is removed by itself. */
export function RemoveButton({ what = "", label, path, removed }: { what?: string; label?: string; path: string; removed: () => void }) {
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
      <button type="button" class="quiet" aria-label={asked || label ? undefined : words.removeSpoken(what)} onClick={() => void remove()} onBlur={() => setAsked(false)}>{asked ? words.sure : label ?? words.remove}</button>
      <span role="status">{said}</span>
    </>
  );
}

interface KeptProps<Row> {
  readonly title: string;
  readonly hint?: string;
  readonly data: ScreenData;
  readonly part: string;
  readonly none?: string;
  readonly columns?: readonly string[];
  /** Left out where there is no table. */
  readonly row?: (row: Row) => { key: string; cells: readonly ComponentChildren[] };
  readonly children?: ComponentChildren;
}

/** A list of what is kept, and below it what makes one more. Who may not see it is told so. */
export function Kept<Row>({ title, hint, data, part: name, none, columns = [], row, children }: KeptProps<Row>) {
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
          {row === undefined ? null : answer.data.length === 0 ? <Nothing>{none}</Nothing> : (
            <Table label={title} rows={answer.data.map(row)} by={({ key }) => key}
              columns={[...columns, <span class="sr-only">{words.remove}</span>].map((column, index): Column<ReturnType<typeof row>> => [column, ({ cells }) => cells[index], index === 0 ? "wrap" : undefined])} />
          )}
          {children}
        </>
      )}
    </Widget>
  );
}
