// Making a filter: what, how, and a value with type-ahead from what really occurred in the time looked at.

import { useEffect, useId, useState } from "preact/hooks";
import type { Filter, FilterOp } from "../address/filter.ts";
import { address } from "../address/navigate.ts";
import { get } from "../api/client.ts";
import { apiPath } from "../api/paths.ts";
import type { ValueRow } from "../api/types.ts";
import { core } from "../words/core.ts";
import { formatCount } from "../words/format.ts";
import { dimensionName, FILTER_DIMENSIONS, valueName } from "../words/names.ts";

/** Those that a person can fill in with one value. */
const OPS: readonly FilterOp[] = ["is", "not", "prefix", "glob", "gt", "lt"];
/** Typing rests this long before the server is asked. */
const TYPING_PAUSE_MS = 150;

export function FilterForm({ add }: { add: (filter: Filter) => void }) {
  const [dimension, setDimension] = useState("page");
  const [op, setOp] = useState<FilterOp>("is");
  const [text, setText] = useState("");
  const [marked, setMarked] = useState(-1);
  const values = useValues(dimension, text);
  const listId = useId();
  const dimensions = useDimensions();
  const words = core().chrome.filters;
  const ops = OPS.filter((name) => dimensions.find((known) => known.name === dimension)?.ops.includes(name) ?? false);

  function submit(value: string): void {
    if (value !== "") add({ dimension, op, values: [value] });
  }

  function onKeyDown(event: KeyboardEvent): void {
    const last = values.length - 1;
    if (event.key === "ArrowDown") setMarked(Math.min(last, marked + 1));
    else if (event.key === "ArrowUp") setMarked(Math.max(-1, marked - 1));
    else if (event.key === "Enter") submit(values[marked]?.value ?? exactValue(values, dimension, text));
    else return;
    event.preventDefault();
  }

  return (
    <form class="form filter-form" onSubmit={(event) => event.preventDefault()}>
      <div class="pair">
        <div class="field">
          <label for={`${listId}-what`}>{words.what}</label>
          <select id={`${listId}-what`} data-autofocus value={dimension} onChange={(event) => { setDimension(event.currentTarget.value); setOp("is"); setText(""); setMarked(-1); }}>
            {dimensions.map(({ name }) => <option key={name} value={name}>{dimensionName(name)}</option>)}
          </select>
        </div>
        <div class="field">
          <label for={`${listId}-how`}>{words.how}</label>
          <select id={`${listId}-how`} value={op} onChange={(event) => setOp(event.currentTarget.value as FilterOp)}>
            {ops.map((name) => <option key={name} value={name}>{words.ops[name]}</option>)}
          </select>
        </div>
      </div>
      <label>
        {words.value}
        <input
          type="text"
          role="combobox"
          aria-expanded={values.length > 0}
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={marked >= 0 ? `${listId}-${marked}` : undefined}
          autocomplete="off"
          spellcheck={false}
          placeholder={op === "glob" ? words.globHint : words.hint}
          value={text}
          onInput={(event) => { setText(event.currentTarget.value); setMarked(-1); }}
          onKeyDown={onKeyDown}
        />
      </label>
      <ul class="options" id={listId} role="listbox" aria-label={words.occurred}>
        {values.map((row, index) => (
          <li
            key={row.value}
            id={`${listId}-${index}`}
            role="option"
            aria-selected={index === marked}
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => submit(row.value)}
          >
            <span>{valueName(dimension, row.value)}</span>
            <span class="count">{formatCount(row.count)}</span>
          </li>
        ))}
      </ul>
      <p class="sr-only" role="status">{words.suggestions(values.length)}</p>
      {(["glob", "prefix", "gt", "lt"].includes(op) || values.length === 0) && text !== "" && (
        <button type="button" class="button primary" onClick={() => submit(exactValue(values, dimension, text))}>{words.submit}</button>
      )}
    </form>
  );
}

/** A person types "Germany", the API knows "DE". */
function exactValue(values: readonly ValueRow[], dimension: string, text: string): string {
  const wanted = text.trim().toLowerCase();
  return values.find((row) => valueName(dimension, row.value).toLowerCase() === wanted)?.value ?? text.trim();
}

interface KnownDimension {
  readonly name: string;
  readonly ops: readonly string[];
}

/** What every site has, until the site's own schema is there, which knows its tags too. */
const COMMON: readonly KnownDimension[] = FILTER_DIMENSIONS.map((name) => ({ name, ops: ["is", "not", "prefix", "glob"] }));
const bySite = new Map<string, readonly KnownDimension[]>();

function useDimensions(): readonly KnownDimension[] {
  const site = address.value.site ?? "";
  const [known, setKnown] = useState(bySite.get(site) ?? COMMON);
  useEffect(() => {
    if (bySite.has(site)) return;
    const controller = new AbortController();
    const path = `/api/v1/sites/${encodeURIComponent(site)}/schema`;
    get<{ dimensions: KnownDimension[] }>(path, controller.signal).then((part) => {
      if (!part.ok) return;
      const listed = part.answer.data.dimensions;
      const find = (name: string) => listed.filter((one) => one.name === name);
      const tags = listed.filter(({ name }) => name.startsWith("tag:"));
      bySite.set(site, [...FILTER_DIMENSIONS.flatMap(find), ...tags]);
      setKnown(bySite.get(site) ?? COMMON);
    }, () => undefined);
    return () => controller.abort();
  }, [site]);
  return known;
}

function useValues(dimension: string, text: string): readonly ValueRow[] {
  const [values, setValues] = useState<readonly ValueRow[]>([]);
  useEffect(() => {
    const controller = new AbortController();
    const timer = setTimeout(() => void ask(), text === "" ? 0 : TYPING_PAUSE_MS);
    async function ask(): Promise<void> {
      // Names that differ from the stored value are searched here: the API knows no "Germany".
      const renamed = dimension === "country" || dimension === "nav" || dimension === "cause";
      const path = apiPath(address.value, `values/${encodeURIComponent(dimension)}`, renamed ? [["limit", "300"]] : [["q", text], ["limit", "8"]]);
      const part = await get<ValueRow[]>(path, controller.signal).catch(() => null);
      if (part === null || controller.signal.aborted) return;
      const rows = part.ok ? part.answer.data.filter((row) => Boolean(row.value)) : [];
      const wanted = text.trim().toLowerCase();
      const matching = renamed ? rows.filter((row) => `${valueName(dimension, row.value)} ${row.value}`.toLowerCase().includes(wanted)) : rows;
      setValues(matching.slice(0, 8));
    }
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [dimension, text]);
  return values;
}
