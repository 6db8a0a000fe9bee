// What is looked at: one moment, one part of the time, one finding. Whoever shows it is told of a change.

const moments = report.moments.times;
const findings = report.diagnosis.findings;
const whole = { since: report.since, until: report.until };
const NARROWEST = Math.max(10, 5 * report.charts.step_s);

const state = { moment: Math.max(0, moments.length - 1), since: whole.since, until: whole.until, finding: null };
const told = { moment: [], zoom: [], finding: [], theme: [] };
const tell = (what) => told[what].forEach((listener) => listener());

const now = () => moments[state.moment] ?? report.until;
const zoomed = () => state.until - state.since < (whole.until - whole.since) * 0.995;

/** The moment that is nearest to a time. */
function nearest(seconds) {
  let best = 0;
  moments.forEach((moment, at) => {
    if (Math.abs(moment - seconds) < Math.abs(moments[best] - seconds)) best = at;
  });
  return best;
}

function goTo(at) {
  if (!moments.length) return;
  state.moment = clamp(at, 0, moments.length - 1);
  const seconds = now();
  if (seconds < state.since || seconds > state.until) {
    const half = (state.until - state.since) / 2;
    zoomTo(seconds - half, seconds + half);
  }
  tell("moment");
}

function zoomTo(since, until) {
  const span = clamp(until - since, Math.min(NARROWEST, whole.until - whole.since), whole.until - whole.since);
  const middle = (since + until) / 2;
  const low = clamp(middle - span / 2, whole.since, whole.until - span);
  if (Math.abs(low - state.since) < 1e-3 && Math.abs(low + span - state.until) < 1e-3) return;
  state.since = low;
  state.until = low + span;
  tell("zoom");
}

/** Closer (0.5) or wider (2) around the moment, where it is in view. */
function zoomBy(factor) {
  const span = (state.until - state.since) * factor;
  const at = clamp(now(), state.since, state.until);
  zoomTo(at - span / 2, at + span / 2);
}

const zoomOut = () => zoomTo(whole.since, whole.until);

/** The first moment that tells of the time in which a finding held: each tells of the time before it. */
function inside(finding) {
  const wanted = Math.min(finding.until, finding.since + report.moments.step_s) - 0.5;
  const at = moments.findIndex((moment) => moment >= wanted);
  return at < 0 ? moments.length - 1 : at;
}

/** Findings in the order in which they began. */
const inOrder = findings.map((_, at) => at).sort((a, b) => findings[a].since - findings[b].since || a - b);

function choose(at) {
  state.finding = at;
  const finding = findings[at];
  goTo(inside(finding));
  tell("finding");
}

/** The finding that began next (1) or before (-1), counted from the chosen one. */
function step(by) {
  if (!inOrder.length) return;
  const place = state.finding === null ? (by > 0 ? -1 : inOrder.length) : inOrder.indexOf(state.finding);
  choose(inOrder[clamp(place + by, 0, inOrder.length - 1)]);
}
