/** False in `beacon-core.js`, so that what only other parts need is left out of it. */
declare const FULL: boolean;
/** True in the npm package, whose user's bundler finds the prompt. */
declare const ESM: boolean;
/** Name of the feedback prompt's file, beside the script. */
declare const PROMPT_FILE: string;
