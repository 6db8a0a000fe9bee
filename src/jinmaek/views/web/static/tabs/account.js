// What the three accounts have in common: they are of the running host, now, and taken when asked for.

import { el, fill } from "../dom.js";
import { moment, percent, span } from "../format.js";
import { state, watch } from "../state.js";
import { t } from "../texts.js";
import { Asking, waiting } from "./loading.js";

/** A tab of one account. `draw(told)` gives its elements; `note` says how long it is watched. */
export function account(view, name, note, draw, parameters = () => ({})) {
  const asking = new Asking();
  const again = el("button", { type: "button", id: "again", text: t("take it again"), on: { click: () => load() } });
  const tools = el("div", { class: "row" }, again);
  const warn = el("div");
  const place = el("div", { "aria-live": "polite" });
  view.append(tools, warn, place);

  async function load() {
    again.disabled = true;
    if (!place.childElementCount || place.querySelector(".failed")) fill(place, waiting(note()));
    else place.setAttribute("aria-busy", "true");
    await asking.ask(name, { lang: state.lang, ...parameters() }, place, (told) => fill(place, draw(told)));
    place.removeAttribute("aria-busy");
    again.disabled = false;
  }

  function then() {
    fill(warn, state.at === null ? null : el("p", { class: "failed", text: t("This account is taken of the running host, not of {time}.", { time: moment(state.at) }) }));
  }

  const unwatch = watch(["at"], then);
  then();
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
