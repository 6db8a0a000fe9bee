// Charts over time with one cursor, the time line of findings, and the processes at the moment chosen.

import { Chart } from "../chart.js";
import { el, fill, plain } from "../dom.js";
import { moment, span } from "../format.js";
import { change, state, watch } from "../state.js";
import { t } from "../texts.js";
import { Asking, waiting } from "./loading.js";
import { processTable } from "./processes.js";

const RANGES = [300, 900, 3600, 6 * 3600, 86400, 7 * 86400];
const POINTS = 400;
const length = (range) =>
  range < 3600 ? t("{count} min", { count: range / 60 }) : range < 86400 ? t("{count} h", { count: range / 3600 }) : t("{count} d", { count: range / 86400 });
const LEAST = 10;
const LEAST_SHOWN = 60;

export function open(view) {
  const asking = new Asking();
  const charts = new Map();
  const buttons = el("div", { class: "group", role: "group", "aria-label": t("how far back") });
  const shown = el("span", { class: "soft", id: "shown" });
  const lanes = el("section", { class: "card", "aria-label": t("findings over time") });
  const grid = el("section", { class: "charts", "aria-label": t("charts") });
  const failed = el("div");
  const who = el("section", { class: "card", id: "who" });
  let told = null; // the last answer
  let findings = null;
  let loading = 0;

  view.append(
    el(
      "div",
      { class: "row" },
      buttons,
      el("div", { class: "group" },
        el("button", { type: "button", id: "zoom-in", "aria-label": t("zoom in"), title: t("zoom in"), text: "+", on: { click: () => around(0.5) } }),
        el("button", { type: "button", id: "zoom-out", "aria-label": t("zoom out"), title: t("zoom out"), text: "−", on: { click: () => around(2) } }),
        el("button", { type: "button", id: "earlier", "aria-label": t("earlier"), title: t("earlier"), text: "◀", on: { click: () => move(-0.5) } }),
        el("button", { type: "button", id: "later", "aria-label": t("later"), title: t("later"), text: "▶", on: { click: () => move(0.5) } }),
      ),
      shown,
    ),
    failed,
    lanes,
    grid,
    who,
  );
  fill(lanes, el("h2", { text: t("findings over time") }), waiting());

  const oldest = () => state.host?.span?.since ?? 0;
  const newest = () => (state.host?.live ? Date.now() / 1000 : (state.host?.span?.until ?? Date.now() / 1000));

  function period() {
    if (state.zoom) return state.zoom;
    const until = newest();
    // Of a history that has only begun, an empty chart would be most of the picture.
    return [Math.max(until - state.range, Math.min(oldest(), until - LEAST_SHOWN)), until];
  }

  function zoom(since, until) {
    const middle = (since + until) / 2;
    const half = Math.max(LEAST, until - since) / 2;
    change({ zoom: [Math.max(0, middle - half), middle + half] });
  }

  function around(factor) {
    const [since, until] = period();
    const middle = state.at !== null && state.at > since && state.at < until ? state.at : (since + until) / 2;
    zoom(middle - ((until - since) / 2) * factor, middle + ((until - since) / 2) * factor);
  }

  function move(share) {
    const [since, until] = period();
    zoom(since + share * (until - since), until + share * (until - since));
  }

  function ranges() {
    fill(
      buttons,
      RANGES.filter((range, at) => at < 2 || range <= 1.5 * (newest() - oldest())).map((range) =>
        el("button", {
          type: "button",
          "aria-pressed": String(!state.zoom && state.range === range),
          text: length(range),
          on: { click: () => change({ range, zoom: null }) },
        }),
      ),
      state.zoom ? el("button", { type: "button", id: "unzoom", text: t("follow the clock"), on: { click: () => change({ zoom: null }) } }) : null,
    );
  }

  async function load() {
    const number = ++loading;
    const [since, until] = period();
    ranges();
    await asking.ask("history", { since, until, points: POINTS }, failed, (answer) => {
      if (number !== loading) return;
      fill(failed);
      told = answer;
      draw();
    });
    if (number === loading) await timeline(since, until);
  }

  function draw() {
    shown.textContent = `${moment(told.since)} – ${moment(told.until)} · ${t("each point is {time}", { time: span(told.step_s) })}`;
    for (const one of told.charts) {
      const known = charts.get(one.id);
      if (known) known.set(one, told.times);
      else {
        const made = new Chart(one, told.times, { zoom, choose: (time) => change({ at: time }) });
        charts.set(one.id, made);
        grid.append(made.figure);
        made.draw();
      }
    }
    mark();
  }

  async function timeline(since, until) {
    await asking.ask("findings", { lang: state.lang, since, until }, lanes, (answer) => {
      findings = answer;
      lane();
    });
  }

  function lane() {
    const { since, until } = findings;
    const place = (time) => (100 * (Math.min(until, Math.max(since, time)) - since)) / (until - since);
    const rows = new Map();
    for (const one of findings.findings) rows.set(one.title, [...(rows.get(one.title) ?? []), one]);
    const holes = findings.holes.map((one) => el("i", { title: `${t("not recorded")}: ${one.why}`, style: { left: `${place(one.since)}%`, width: `${place(one.until) - place(one.since)}%` } }));
    fill(
      lanes,
      el("h2", { text: t("findings over time") }),
      rows.size
        ? el(
            "div",
            { class: "lanes" },
            [...rows].map(([title, list], at) =>
              el(
                "div",
                { class: "lane" },
                el("span", { text: title, title }),
                el(
                  "div",
                  { class: "track" },
                  at === 0 ? holes : holes.map((one) => one.cloneNode()),
                  list.map((one) => {
                    const name = plain(`${title}: ${moment(one.since)} – ${one.going_on ? t("now") : moment(one.until)}`);
                    return el("button", {
                      type: "button",
                      class: one.severity,
                      title: name,
                      "aria-label": name,
                      style: { left: `min(${place(one.since)}%, calc(100% - 5px))`, width: `${place(one.going_on ? until : one.until) - place(one.since)}%` },
                      on: { click: () => change({ at: Math.min(one.until, Math.max(one.since, since)) }) },
                    });
                  }),
                  state.at !== null && state.at >= since && state.at <= until ? el("s", { style: { left: `${place(state.at)}%` } }) : null,
                ),
              ),
            ),
          )
        : [
            el("p", { class: "soft", text: t("No rule held in this time, as far as it was judged.") }),
            holes.length ? el("div", { class: "lanes" }, el("div", { class: "track" }, holes)) : null,
          ],
      holes.length ? el("p", { class: "soft", text: t("hatched: not recorded") }) : null,
    );
  }

  function mark() {
    if (state.at === null) return;
    for (const one of charts.values()) {
      if (one.plot) {
        one.plot.setCursor({ left: one.plot.valToPos(state.at, "x"), top: 20 }, false);
        one.say(one.plot.cursor.idx);
      }
    }
  }

  function people() {
    asking.ask("processes", { at: state.at, limit: 10 }, who, (answer) =>
      fill(who, el("h2", { text: state.at === null && state.host?.live ? t("processes now") : t("processes at {time}", { time: moment(state.at ?? answer.time) }) }), processTable(answer, answer.processes), state.at !== null && Math.abs(answer.time - state.at) > 10 ? el("p", { class: "soft", text: t("last read at {time}", { time: moment(answer.time) }) }) : null),
    );
  }

  const unwatch = watch(["zoom", "range"], load);
  const unmark = watch(["at"], () => {
    mark();
    people();
    if (findings) lane();
  });
  const resize = new ResizeObserver(() => charts.forEach((one) => one.resize()));
  resize.observe(grid);
  load();
  people();
  asking.every(20, () => !state.zoom && state.host?.live && load());
  return {
    sample(sample) {
      if (!told || state.zoom || !state.joined || sample.time <= told.times.at(-1)) return;
      if (sample.time - told.times.at(-1) < 0.5) return;
      told.times.push(sample.time);
      const old = told.times.findIndex((time) => time >= sample.time - state.range);
      told.times.splice(0, old);
      told.until = sample.time;
      for (const chart of told.charts) {
        const lines = new Map((sample.charts[chart.id] ?? []).map(([name, label, value]) => [`${name} ${label}`, value]));
        for (const line of chart.series) {
          line.values.push(lines.get(`${line.name} ${line.label}`) ?? null);
          line.values.splice(0, old);
        }
      }
      draw();
    },
    diagnosis: () => state.zoom === null && state.at === null && timeline(...period()),
    close() {
      unwatch();
      unmark();
      resize.disconnect();
      charts.forEach((one) => one.close());
      asking.close();
    },
  };
}
