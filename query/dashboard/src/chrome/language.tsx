// The language switch: each language named in itself.

import { core } from "../words/core.ts";
import { type Language, LANGUAGES, language, speak } from "../words/language.ts";

export function LanguageSwitch() {
  return (
    <label class="language">
      <span class="sr-only">{core().chrome.language}</span>
      <select value={language.value} onChange={(event) => void speak(event.currentTarget.value as Language)}>
        {Object.entries(LANGUAGES).map(([code, name]) => <option key={code} value={code} lang={code}>{name}</option>)}
      </select>
    </label>
  );
}
