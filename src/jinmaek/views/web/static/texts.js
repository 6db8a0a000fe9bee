// The words of the page: English is the key, the server has the rest.

import { get } from "./api.js";

let texts = {};

export async function learn(lang) {
  texts = (await get("texts", { lang })).texts;
  document.documentElement.lang = lang;
}

/** A text in the language of the page, its {blanks} filled. */
export function t(text, values = {}) {
  return (texts[text] ?? text).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
