// Asking while a tab is open: what came too late for it is dropped, and why there is no answer is said.

import { get } from "../api.js";
import { el, fill } from "../dom.js";
import { t } from "../texts.js";

export class Asking {
  constructor() {
    this.ended = new AbortController();
    this.timers = new Set();
  }

  /** Ask, and give the answer to `show` if the tab is still open; else say why in `place`. */
  async ask(name, parameters, place, show) {
    try {
      const told = await get(name, parameters, this.ended.signal);
      if (!this.ended.signal.aborted) show(told);
    } catch (error) {
      if (this.ended.signal.aborted) return;
      if (error instanceof TypeError) return; // not connected: the notice says so
      fill(place, el("p", { class: "failed", role: "alert", text: error.message }));
    }
  }

  every(seconds, action) {
    this.timers.add(setInterval(action, 1000 * seconds));
  }

  close() {
    this.ended.abort();
    for (const timer of this.timers) clearInterval(timer);
  }
}

export function waiting(text = t("reading…")) {
  return el("p", { class: "wait", role: "status", text });
}
