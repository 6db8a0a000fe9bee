// The few figures above everything: how busy, who waits, what memory is left.

import { get } from "./api.js";
import { el, fill, svg } from "./dom.js";
import { bytes, number, percent } from "./format.js";
import { state } from "./state.js";
import { t } from "./texts.js";

const KEPT = 120;
const sum = (lines) => lines.reduce((whole, one) => (whole === null || one === null ? null : whole + one), 0);

/** Name, chart, what of its lines, how it is written, and the top of its picture. */
const SHOWN = [
  { id: "busy", name: "CPU busy", chart: "cpu", lines: ["programs", "kernel", "interrupts"], make: sum, text: percent, top: 1 },
  { id: "cpu", name: "waiting for CPU", chart: "pressure", lines: ["for a CPU"], make: sum, text: percent, top: null },
  { id: "memory", name: "waiting for memory", chart: "pressure", lines: ["for memory"], make: sum, text: percent, top: null },
  { id: "io", name: "waiting for I/O", chart: "pressure", lines: ["for I/O"], make: sum, text: percent, top: null },
  { id: "available", name: "memory available", chart: "memory", lines: ["available"], make: sum, text: bytes, top: null },
  { id: "load", name: "load, 1 min", chart: "load", lines: ["load1"], make: sum, text: number, top: null },
];

export class Vitals {
  constructor(place) {
    this.place = place;
    this.values = new Map(SHOWN.map((one) => [one.id, []]));
    this.parts = new Map();
  }

  words() {
    this.place.setAttribute("aria-label", t("vital signs"));
    fill(
      this.place,
      SHOWN.map((one) => {
        const value = el("dd", { text: "-" });
        const line = svg("polyline", { points: "" });
        const area = svg("polygon", { points: "" });
        this.parts.set(one.id, { value, line, area });
        return el("div", { class: "vital", id: `vital-${one.id}` }, el("dl", {}, el("dt", { text: t(one.name) }), value), svg("svg", { viewBox: "0 0 120 26", preserveAspectRatio: "none", "aria-hidden": "true" }, area, line));
      }),
    );
    this.draw();
  }

  async load() {
    const { live, span } = state.host ?? {};
    const since = live ? Date.now() / 1000 - 240 : span ? Math.max(span.since, span.until - 900) : null;
    const told = await get("history", { since, points: KEPT }).catch(() => null);
    if (!told) return;
    for (const one of SHOWN) {
      const chart = told.charts.find((chart) => chart.id === one.chart);
      const lines = chart.series.filter((line) => one.lines.includes(line.name));
      if (lines.length) this.values.set(one.id, told.times.map((_, at) => one.make(lines.map((line) => line.values[at]))));
    }
    this.draw();
  }

  add(told) {
    for (const one of SHOWN) {
      const lines = (told.charts[one.chart] ?? []).filter(([name]) => one.lines.includes(name));
      const values = this.values.get(one.id);
      values.push(lines.length ? one.make(lines.map((line) => line[2])) : null);
      if (values.length > KEPT) values.splice(0, values.length - KEPT);
    }
    this.draw();
  }

  draw() {
    for (const one of SHOWN) {
      const parts = this.parts.get(one.id);
      if (!parts) continue;
      const values = this.values.get(one.id);
      const known = values.filter((value) => value !== null);
      parts.value.textContent = known.length ? one.text(known.at(-1)) : "-";
      const top = one.top ?? Math.max(...known, 1e-9) * 1.1;
      const points = values
        .map((value, at) => (value === null ? null : `${((120 * at) / Math.max(1, values.length - 1)).toFixed(1)},${(25 - (24 * Math.min(value, top)) / top).toFixed(1)}`))
        .filter(Boolean);
      parts.line.setAttribute("points", points.join(" "));
      parts.area.setAttribute("points", points.length ? `${points[0].split(",")[0]},26 ${points.join(" ")} ${points.at(-1).split(",")[0]},26` : "");
    }
  }
}
