// The charts: one span of time for all of them, the moment and the findings in each.

const plots = [];
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const paint = (at) => colour(`--line-${(at % 6) + 1}`);
const INCREMENTS = Array.from({ length: 50 }, (_, power) => 2 ** power);
const HEIGHT = 180;

/** Sums of the lines up to each, so that areas stand on each other; not known where any of them is not. */
function stacked(columns) {
  const sums = [];
  columns.forEach((values, line) => {
    sums.push(values.map((value, at) => {
      if (value === null) return null;
      return line === 0 ? value : sums[line - 1][at] === null ? null : sums[line - 1][at] + value;
    }));
  });
  return sums;
}

function options(chart, width, columns) {
  const piled = chart.stacked;
  return {
    width,
    height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(new Date((seconds + report.utc_offset_s) * 1000), "Etc/UTC"),
    cursor: {
      sync: { key: "time", setSeries: false },
      drag: { x: true, y: false },
      points: { size: 5 },
      y: false,
    },
    legend: { markers: { width: 0, fill: (_, at) => paint(at - 1) } },
    scales: {
      x: { time: true },
      y: { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.06 : 1] },
    },
    series: [
      { label: say("moment"), value: (_, seconds) => (seconds === null ? MISSING : when(seconds)) },
      ...chart.lines.map((line, at) => ({
        label: line.name || chart.title,
        stroke: () => paint(at),
        fill: piled ? () => `${paint(at)}66` : undefined,
        width: piled ? 1 : 1.6,
        points: { show: false },
        spanGaps: false,
        value: (plot, value, _, index) =>
          amount(index === null || index === undefined ? null : columns[at][index], chart.unit),
      })),
    ],
    bands: piled ? chart.lines.slice(1).map((_, at) => ({ series: [at + 2, at + 1] })) : undefined,
    axes: [
      {
        stroke: () => colour("--quiet"),
        grid: { stroke: () => colour("--grid"), width: 1 },
        ticks: { stroke: () => colour("--grid"), width: 1 },
        values: (_, splits, __, ___, increment) => splits.map((seconds) => tick(seconds, increment)),
        space: 70,
        size: 34,
      },
      {
        stroke: () => colour("--quiet"),
        grid: { stroke: () => colour("--grid"), width: 1 },
        ticks: { show: false },
        size: 74,
        incrs: chart.unit.startsWith("bytes") ? INCREMENTS : undefined,
        values: (_, splits) => splits.map((value) => amount(value, chart.unit)),
      },
    ],
    hooks: {
      setScale: [(plot, key) => {
        if (key === "x" && plot.ready) zoomTo(plot.scales.x.min, plot.scales.x.max);
      }],
      drawClear: [shade],
      draw: [mark],
    },
  };
}

/** A label of the time axis; the day where one begins. */
function tick(seconds, increment) {
  if (seconds === null) return "";
  const at = local(seconds);
  if (increment >= 86400 || (!ofOneDay && at.getUTCHours() === 0 && at.getUTCMinutes() === 0)) {
    return day(seconds).slice(5);
  }
  return clock(seconds, increment < 60);
}

/** The time in which something was wrong, behind the lines. */
function shade(plot) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  findings.forEach((finding, at) => {
    const left = plot.valToPos(finding.since, "x", true);
    const right = Math.max(left + 2, plot.valToPos(finding.until, "x", true));
    if (state.finding !== null && state.finding !== at) return;
    ctx.globalAlpha = state.finding === at ? 0.15 : 0.08;
    ctx.fillStyle = colour(`--${finding.severity}`);
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
  });
  ctx.restore();
}

/** The moment whose processes, ledger and load are shown. */
function mark(plot) {
  const { ctx, bbox } = plot;
  const at = plot.valToPos(now(), "x", true);
  if (at < bbox.left || at > bbox.left + bbox.width) return;
  ctx.save();
  ctx.strokeStyle = colour("--text");
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(at, bbox.top);
  ctx.lineTo(at, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

function describe(chart) {
  return chart.lines.map((line) => {
    const known = line.values.filter((value) => value !== null);
    const low = amount(known.reduce((a, b) => Math.min(a, b), Infinity), chart.unit);
    const high = amount(known.reduce((a, b) => Math.max(a, b), -Infinity), chart.unit);
    return say("chart of {title}: from {low} to {high}", { title: line.name || chart.title, low, high });
  }).join("; ");
}

/** A press that is no drag chooses the moment. */
function choosing(plot) {
  let pressed = null;
  plot.over.addEventListener("mousedown", (event) => { pressed = event.clientX; });
  plot.over.addEventListener("click", (event) => {
    if (pressed === null || Math.abs(event.clientX - pressed) > 4) return;
    goTo(nearest(plot.posToVal(event.clientX - plot.over.getBoundingClientRect().left, "x")));
  });
  plot.over.addEventListener("mouseleave", () => setTimeout(pointAtMoment));
}

/** The legends tell the figures of the chosen moment. */
function pointAtMoment() {
  for (const { plot } of plots) {
    const left = plot.valToPos(now(), "x");
    const inside = now() >= state.since && now() <= state.until;
    plot.setCursor(inside ? { left, top: 0 } : { left: -10, top: -10 }, false);
  }
}

function drawCharts() {
  const place = byId("charts");
  for (const chart of report.charts.shown) {
    const columns = chart.lines.map((line) => line.values);
    const title = make("figcaption", { text: chart.title });
    const box = make("div", { class: "plot", role: "img", "aria-label": describe(chart) });
    const figure = make("figure", { "data-chart": chart.name }, title, box);
    if (chart.left_out) {
      figure.append(make("p", { class: "quiet", text: say("{count} more devices are not drawn", { count: chart.left_out }) }));
    }
    place.append(figure);
    const drawn = chart.stacked ? stacked(columns) : columns;
    const plot = new uPlot(options(chart, box.clientWidth, columns), [report.charts.times, ...drawn], box);
    plots.push({ plot, box, figure });
  }
  function follow() {
    for (const { plot, figure } of plots) {
      plot.setScale("x", { min: state.since, max: state.until });
      figure.dataset.since = String(state.since);
      figure.dataset.until = String(state.until);
    }
    // The scales are set when this script has ended.
    setTimeout(pointAtMoment);
  }
  const redraw = () => plots.forEach(({ plot }) => plot.redraw(false, true));
  told.zoom.push(follow);
  told.moment.push(() => { redraw(); setTimeout(pointAtMoment); });
  told.finding.push(redraw);
  told.theme.push(redraw);
  requestAnimationFrame(() => {
    plots.forEach(({ plot }) => {
      choosing(plot);
      plot.ready = true;
    });
    follow();
  });
  new ResizeObserver(() => {
    for (const { plot, box } of plots) {
      if (box.clientWidth && box.clientWidth !== plot.width) plot.setSize({ width: box.clientWidth, height: HEIGHT });
    }
    setTimeout(pointAtMoment);
  }).observe(place);
}
