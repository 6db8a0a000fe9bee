// What the three accounts have in common: taken of the running host when asked for, or of the moment that is shown.

import { el, fill } from "../dom.js";
import { percent, span } from "../format.js";
import { state, watch } from "../state.js";
import { t } from "../texts.js";
import { Asking, waiting } from "./loading.js";

/** A tab of one account. `draw(told)` gives its elements; `note` says how long it is watched. */
export function account(view, name, note, draw, parameters = () => ({})) {
  const asking = new Asking();
  const again = el("button", { type: "button", id: "again", text: t("take it again"), on: { click: () => load() } });
  const tools = el("div", { class: "row" }, again);
  const place = el("div", { "aria-live": "polite" });
  view.append(tools, place);

  let turn = 0; // another moment may be asked for before there is an answer

  async function load() {
    const mine = ++turn;
    again.disabled = true;
    if (!place.childElementCount || place.querySelector(".failed")) fill(place, waiting(past() ? t("reading the recording…") : note()));
    else place.setAttribute("aria-busy", "true");
    await asking.ask(name, { lang: state.lang, at: state.at, ...parameters() }, place, (told) => mine === turn && fill(place, draw(told)));
    if (mine !== turn) return;
    place.removeAttribute("aria-busy");
    again.disabled = false;
    again.hidden = past();
  }

  const unwatch = watch(["at"], load);
  load();
  return {
    tools,
    load,
    close() {
      unwatch();
      asking.close();
    },
  };
}

/** Whether what is shown was recorded. */
export const past = () => state.at !== null || state.host?.live === false;

export function costs(told) {
  return el("p", { class: "soft", text: t("this account cost {cpu} of CPU in {wall}", { cpu: span(told.cost.cpu_s), wall: span(told.cost.wall_s) }) });
}

export function gaps(told) {
  if (!told.gaps.length) return null;
  return el(
    "details",
    { class: "card", id: "gaps" },
    el("summary", { text: `${t("could not be read")}: ${told.gaps.length}` }),
    el("ul", {}, told.gaps.map((one) => el("li", {}, el("code", { text: one.source }), ` ${t(one.kind)} ${one.detail}`))),
  );
}

/** A share as a bar and in figures. */
export function share(value) {
  if (value === null || value === undefined) return "-";
  return [percent(value), el("span", { class: "meter", "aria-hidden": "true" }, el("i", { style: { width: `${100 * Math.min(1, Math.max(0, value))}%` } }))];
}
