// One question with a scale, and a word if one likes: `beacon-prompt.js`, loaded when a page asks.
//
// It lives in a shadow root, so that neither style sheet reaches the other; it is themed by custom properties (`--felt-…`), which
// do. Its styles are a constructed sheet, for a Content-Security-Policy may forbid style elements. It takes no focus from what
// people are doing, is a labelled region with native controls in the order of reading, says thank you as a status, closes on
// Escape, and gives the focus back.

export interface Question {
  /** The question. */
  ask?: string;
  /** The best score; the scale begins at 1. */
  of?: number;
  /** What the ends of the scale mean. */
  low?: string;
  high?: string;
  /** The label of the field for words; none, no field. */
  comment?: string;
  send?: string;
  close?: string;
  thanks?: string;
}

const STYLES = `
:host { all: initial; position: fixed; inset: auto var(--felt-inset, 1rem 1rem auto); z-index: var(--felt-layer, 2147483000); }
section { box-sizing: border-box; width: min(24rem, calc(100vw - 2rem)); padding: 1rem; display: grid; gap: .75rem;
  font: var(--felt-font, 1rem/1.4 system-ui, sans-serif); color: var(--felt-text, #1a1a1a); background: var(--felt-background, #fff);
  border: 1px solid var(--felt-border, #767676); border-radius: var(--felt-radius, .5rem); box-shadow: var(--felt-shadow, 0 .25rem 1.5rem #0003); }
h2 { margin: 0 2.75rem 0 0; font: inherit; font-weight: 600; }
fieldset { margin: 0; padding: 0; border: 0; min-width: 0; }
legend { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; white-space: nowrap; }
.scale { display: flex; gap: .5rem; flex-wrap: wrap; }
.scale label { position: relative; flex: 1 0 2.75rem; }
.scale input { position: absolute; inset: 0; margin: 0; width: 100%; height: 100%; opacity: 0; cursor: pointer; }
.scale span { display: grid; place-items: center; min-height: 2.75rem; border: 1px solid var(--felt-border, #767676); border-radius: var(--felt-radius, .5rem); }
.scale input:checked + span { color: var(--felt-accent-text, #fff); background: var(--felt-accent, #0b57d0); border-color: transparent; }
input:focus-visible + span, button:focus-visible, textarea:focus-visible { outline: 3px solid var(--felt-focus, #0b57d0); outline-offset: 2px; }
.ends { display: flex; justify-content: space-between; font-size: .875em; }
textarea { box-sizing: border-box; width: 100%; min-height: 4em; font: inherit; color: inherit; background: transparent; border: 1px solid var(--felt-border, #767676); border-radius: var(--felt-radius, .5rem); }
button { min-height: 2.75rem; min-width: 2.75rem; padding: 0 1rem; font: inherit; color: var(--felt-accent-text, #fff); background: var(--felt-accent, #0b57d0); border: 0; border-radius: var(--felt-radius, .5rem); cursor: pointer; }
button.close { position: absolute; top: .375rem; right: .375rem; padding: 0; color: inherit; background: transparent; }
p { margin: 0; }
@media (prefers-color-scheme: dark) { section { color: var(--felt-text, #f1f1f1); background: var(--felt-background, #1e1e1e); } }
@media (forced-colors: active) { .scale input:checked + span { outline: 3px solid Highlight; } }
`;

const CHARS_MAX = 1_000;
let open: HTMLElement | undefined;

const element = <K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

/** Asks, once at a time; `answered` is called with the score and the words when they are sent. */
export const ask = (question: Question, answered: (score: number, text: string) => void): void => {
  if (open) return;
  const before = document.activeElement;
  const host = element("div");
  open = host;
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLES);
  root.adoptedStyleSheets = [sheet];

  const leave = (): void => {
    const focused = root.activeElement;
    host.remove();
    open = undefined;
    if (focused && before instanceof HTMLElement) before.focus();
  };
  const of = Math.min(10, Math.max(2, question.of ?? 5));
  const scale = element("div", { className: "scale" });
  const numbers = Array.from({ length: of }, (_, n) => n + 1);
  const choices = numbers.map((score) => {
    const end = score === 1 ? question.low : score === of ? question.high : "";
    const choice = element("input", { type: "radio", name: "score", value: `${score}`, required: true });
    choice.setAttribute("aria-label", end ? `${score} of ${of}, ${end}` : `${score} of ${of}`);
    scale.append(element("label", {}, choice, element("span", {}, `${score}`)));
    return choice;
  });
  const ends = element("div", { className: "ends" }, element("span", {}, question.low ?? ""), element("span", {}, question.high ?? ""));
  ends.setAttribute("aria-hidden", "true");
  const comment = element("textarea", { maxLength: CHARS_MAX });
  const heading = element("h2", { id: "question" }, question.ask ?? "");
  const fields = element("fieldset", {}, element("legend", {}, question.ask ?? ""), scale, ends);
  const form = element("form", {}, fields);
  form.style.display = "grid";
  form.style.gap = "inherit";
  if (question.comment) form.append(element("label", {}, question.comment, comment));
  form.append(element("button", { type: "submit" }, question.send ?? "Send"));
  const close = element("button", { type: "button", className: "close", onclick: leave }, "×");
  close.setAttribute("aria-label", question.close ?? "Close");
  const status = element("p");
  status.setAttribute("role", "status");
  const region = element("section", {}, heading, form, status, close);
  region.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") leave();
  });
  region.setAttribute("aria-labelledby", "question");
  form.onsubmit = (event) => {
    event.preventDefault();
    const chosen = choices.find(({ checked }) => checked);
    if (!chosen) return;
    answered(Number(chosen.value), comment.value);
    close.focus();
    form.remove();
    status.textContent = question.thanks ?? "Thank you.";
  };
  root.append(region);
  document.body.append(host);
};
