// One chart of figures over time: uPlot draws it, keys and the pointer move in it, its legend is text.

import { el, fill, plain } from "./dom.js";
import { amount, MISSING, moment } from "./format.js";
import { t } from "./texts.js";

const HEIGHT = 168;
const LEAST = { ratio: 0.02, "bytes/s": 4096, bytes: 1024 };
const POWERS = Array.from({ length: 56 }, (_, power) => 2 ** power);
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export const colour = (at) => css(`--c${at % 10}`);

/** A colour nearer to the ground: areas lie on each other, and must not shine through. */
function pale(ink) {
  const parts = [ink, css("--card")].map((text) => [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16)));
  return `rgb(${parts[0].map((value, at) => Math.round(0.55 * value + 0.45 * parts[1][at])).join(" ")})`;
}

/** What a line is called: of a device its name, with what of it where there is more than one thing. */
export function lineName(line) {
  return [line.label, line.name ? t(line.name) : ""].filter(Boolean).join(" ");
}

const two = (value) => String(value).padStart(2, "0");

function tick(time, step) {
  const date = new Date(time * 1000);
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (step < 60) return `${clock}:${two(date.getSeconds())}`;
  return date.getHours() === 0 && date.getMinutes() === 0 ? `${two(date.getMonth() + 1)}-${two(date.getDate())}` : clock;
}

function short(value, unit) {
  if (unit === "ratio") return `${+(value * 100).toFixed(value < 0.1 ? 1 : 0)}%`;
  if (unit.startsWith("count") && value >= 1e4) {
    const per = unit.slice(5);
    return value >= 1e6 ? `${+(value / 1e6).toPrecision(3)}M${per}` : `${+(value / 1e3).toPrecision(3)}k${per}`;
  }
  return amount(value, unit).replace(".0 ", " ");
}

/** `on` has zoom(since, until) and choose(time). `told` is a chart of /api/v1/history, `times` its moments. */
export class Chart {
  constructor(told, times, on) {
    this.told = told;
    this.on = on;
    this.legend = el("ul", { class: "legend" });
    this.place = el("div", { class: "plot", tabindex: "0", role: "group", on: { keydown: (event) => this.key(event) } });
    this.place.setAttribute("aria-label", plain(`${t(told.title)}: ${t("left and right move, + and - zoom, Enter chooses the moment")}`));
    this.figure = el("figure", { class: "chart", id: `chart-${told.id}` }, el("h2", { text: t(told.title) }), this.place, this.legend);
    this.hidden = new Set();
    this.set(told, times);
  }

  set(told, times) {
    this.told = told;
    this.times = times;
    if (!this.place.isConnected) return;
    this.draw();
  }

  /** Values as they are drawn: on top of each other where they are parts of a whole. */
  data() {
    const lines = this.told.series.map((line) => line.values);
    if (!this.told.stacked) return [this.times, ...lines];
    const sums = this.times.map(() => 0);
    const stacked = lines.map((values) =>
      values.map((value, at) => {
        sums[at] = value === null || sums[at] === null ? null : sums[at] + value;
        return sums[at];
      }),
    );
    return [this.times, ...stacked.reverse()];
  }

  draw() {
    const key = JSON.stringify(this.told.series.map((line) => [line.name, line.label]));
    if (this.plot && this.key_ === key) {
      this.plot.setData(this.data(), true);
      this.say(this.plot.cursor.idx);
      return;
    }
    this.plot?.destroy();
    this.key_ = key;
    if (typeof uPlot === "undefined") {
      fill(this.place, el("p", { class: "soft", text: t("This build has no chart library: the figures are in the list below.") }));
      this.say(null);
      return;
    }
    this.figure.classList.toggle("empty", !this.told.series.length);
    if (!this.told.series.length) {
      fill(this.place, el("p", { class: "soft", text: this.told.gaps.length ? `${this.told.gaps[0].source}: ${t(this.told.gaps[0].kind)}` : t("nothing to draw") }));
      this.plot = null;
      this.say(null);
      return;
    }
    fill(this.place);
    const count = this.told.series.length;
    const series = this.told.series.map((line, at) => {
      const ink = colour(at);
      return { label: plain(lineName(line)), stroke: ink, width: 1.6, fill: this.told.stacked ? pale(ink) : undefined, points: { show: false }, spanGaps: false };
    });
    const unit = this.told.unit;
    const axis = { stroke: css("--soft"), grid: { stroke: css("--grid"), width: 1 }, ticks: { stroke: css("--grid"), width: 1, size: 4 }, font: "11px system-ui, sans-serif" };
    this.plot = new uPlot(
      {
        width: this.width(),
        height: HEIGHT,
        legend: { show: false },
        cursor: {
          sync: { key: "jinmaek", setSeries: false, filters: { pub: (type) => type === "mousemove" || type === "mouseleave" } },
          drag: { x: true, y: false, setScale: false },
          points: { size: 6 },
          bind: { dblclick: () => null },
        },
        series: [{}, ...(this.told.stacked ? series.reverse() : series)],
        scales: { x: { time: false }, y: { range: (_, low, high) => [0, unit === "ratio" ? Math.min(1, Math.max(0.02, (high ?? 0) * 1.15)) : Math.max(high ?? 0, LEAST[unit] ?? 1) * 1.1] } },
        axes: [
          { ...axis, space: 64, size: 26, values: (_, splits) => splits.map((time) => tick(time, splits.length > 1 ? splits[1] - splits[0] : 60)), incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800] },
          { ...axis, size: unit.startsWith("bytes") ? 74 : 50, space: 34, ...(unit.startsWith("bytes") ? { incrs: POWERS } : {}), values: (_, splits) => splits.map((value) => short(value, unit)) },
        ],
        hooks: {
          setCursor: [(plot) => this.say(plot.cursor.idx)],
          setSelect: [
            (plot) => {
              if (plot.select.width < 4) return;
              this.dragged = true;
              const since = plot.posToVal(plot.select.left, "x");
              const until = plot.posToVal(plot.select.left + plot.select.width, "x");
              plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
              this.on.zoom(since, until);
            },
          ],
          ready: [(plot) => plot.over.addEventListener("click", () => this.click(plot))],
        },
      },
      this.data(),
      this.place,
    );
    this.count = count;
    this.say(null);
  }

  /** A click chooses a moment, unless it is the end of a drag. */
  click(plot) {
    if (this.dragged) this.dragged = false;
    else if (plot.cursor.idx !== null && plot.cursor.idx !== undefined) this.on.choose(this.times[plot.cursor.idx]);
  }

  width() {
    return Math.max(220, this.place.clientWidth);
  }

  resize() {
    this.plot?.setSize({ width: this.width(), height: HEIGHT });
  }

  /** The figures at a place, or the last ones. */
  say(at) {
    const place = at ?? this.times.length - 1;
    fill(
      this.legend,
      this.told.series.map((line, number) =>
        el(
          "li",
          {},
          el("span", { class: "swatch", style: { background: colour(number) } }),
          `${lineName(line)} `,
          el("b", { text: place < 0 ? MISSING : amount(line.values[place], this.told.unit) }),
        ),
      ),
      at !== null && at !== undefined ? el("li", { class: "soft", text: moment(this.times[at]) }) : null,
      this.told.left_out ? el("li", { class: "soft", text: t("{count} more are not drawn", { count: this.told.left_out }) }) : null,
      this.told.series.length ? this.told.gaps.map((gap) => el("li", { class: "soft", text: `${gap.source}: ${t(gap.kind)}` })) : null,
    );
  }

  key(event) {
    const last = this.times.length - 1;
    if (!this.plot || last < 1) return;
    const here = this.plot.cursor.idx ?? last;
    const step = event.shiftKey ? 10 : 1;
    const next = { ArrowLeft: here - step, ArrowRight: here + step, Home: 0, End: last }[event.key];
    if (next !== undefined) {
      const place = Math.min(last, Math.max(0, next));
      const left = this.plot.valToPos(this.times[place], "x");
      this.plot.setCursor({ left, top: 20 });
    } else if (event.key === "Enter") this.on.choose(this.times[here]);
    else if (event.key === "+" || event.key === "=" || event.key === "-") {
      const since = this.times[0];
      const until = this.times[last];
      const half = ((until - since) / 2) * (event.key === "-" ? 2 : 0.5);
      const middle = this.plot.cursor.idx === null || this.plot.cursor.idx === undefined ? (since + until) / 2 : this.times[here];
      this.on.zoom(middle - half, middle + half);
    } else return;
    event.preventDefault();
  }

  close() {
    this.plot?.destroy();
    this.plot = null;
  }
}
