// The page: its head, the bar that chooses the moment, the rest, and the keys.

function drawHead() {
  document.documentElement.lang = report.lang;
  const counts = new Map();
  for (const { severity } of findings) counts.set(severity, (counts.get(severity) ?? 0) + 1);
  const chips = [...SEVERITIES].reverse().filter((one) => counts.has(one)).map((one) =>
    make("span", { class: `mark ${one}`, text: `${counts.get(one)} ${say(one.toUpperCase())}` }));
  const serious = counts.has("warning") || counts.has("critical");
  if (!serious) chips.unshift(make("span", { class: "mark fine", text: say("nothing at warning or above") }));
  byId("counts").append(...chips);
}

function drawBar() {
  const slider = byId("slider");
  slider.max = String(Math.max(0, moments.length - 1));
  slider.addEventListener("input", () => goTo(Number(slider.value)));
  for (const [id, action] of [
    ["finding-before", () => step(-1)], ["finding-next", () => step(1)],
    ["moment-before", () => goTo(state.moment - 1)], ["moment-next", () => goTo(state.moment + 1)],
    ["closer", () => zoomBy(0.5)], ["wider", () => zoomBy(2)], ["whole", zoomOut],
  ]) byId(id).addEventListener("click", action);
  byId("finding-before").disabled = byId("finding-next").disabled = !findings.length;

  function show() {
    slider.value = String(state.moment);
    slider.setAttribute("aria-valuetext", when(now()));
    byId("moment").textContent = when(now());
    document.querySelectorAll(".at-moment").forEach((one) => { one.textContent = when(now()); });
    document.documentElement.dataset.moment = String(state.moment);
  }
  function zoom() {
    const part = zoomed();
    byId("whole").disabled = !part;
    byId("zoomed").textContent = part
      ? say("zoomed to {since} – {until}", { since: when(state.since), until: when(state.until) }) : "";
  }
  told.moment.push(show);
  told.zoom.push(zoom);
  show();
  zoom();
}

function drawRest() {
  const rest = byId("rest");
  const part = (title, note, rows) => {
    if (!rows.length) return;
    const list = make("ul", {}, ...rows.map((row) => make("li", {}, ...row)));
    rest.append(make("section", {}, make("h2", { text: title }), note ? make("p", { class: "quiet", text: note }) : null, list));
  };
  const code = (text) => make("code", { text });
  part(say("looks bad, is fine"), "", report.scary.map((one) => [code(one.rule), ` ${one.reason}`,
    ...one.evidence.map((text) => make("div", { class: "quiet", text }))]));
  part(say("could not be judged"), "", report.unknown.map((one) => [`${one.reason}: `, code(one.rules.join(", "))]));
  part(say("gaps in the record"), say("nothing is drawn or counted in a gap"), report.gaps.map((gap) =>
    [`${when(gap.since)} – ${when(gap.until)}  (${lasting(gap.until - gap.since)})  ${gap.why}`]));
  part(say("damaged in the recording"), "", report.damage.map((one) =>
    [code(one.file), ` ${one.what} (${say(one.mended ? "mended" : "lost")})`]));
  part(say("limit changed"), "", report.changed.map((text) => [text]));
  const { zero, absent } = report.charts;
  const notes = [say("Every line is the mean over {step}.", { step: lasting(report.charts.step_s) }),
    say("Drag in a chart to look closer; a click chooses a moment.")];
  if (zero.length) notes.push(say("Always 0 in this time: {charts}.", { charts: zero.join(", ") }));
  if (absent.length) notes.push(say("Not recorded: {charts}.", { charts: absent.join(", ") }));
  byId("charts-note").textContent = notes.join(" ");
}

function drawTheme() {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const current = () => root.dataset.theme ?? (dark.matches ? "dark" : "light");
  const toggle = () => {
    root.dataset.theme = current() === "dark" ? "light" : "dark";
    tell("theme");
  };
  byId("theme").addEventListener("click", toggle);
  dark.addEventListener("change", () => tell("theme"));
  return toggle;
}

function bindKeys(theme) {
  const help = byId("help");
  byId("keys").addEventListener("click", () => help.showModal());
  byId("close-help").addEventListener("click", () => help.close());
  const keys = {
    "[": () => step(-1), "]": () => step(1), "+": () => zoomBy(0.5), "=": () => zoomBy(0.5), "-": () => zoomBy(2),
    Escape: zoomOut, t: theme, "?": () => help.showModal(), Home: () => goTo(0), End: () => goTo(moments.length - 1),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || help.open) return;
    const typing = event.target.matches("input[type=search]");
    const scrolling = event.target.matches(".scroll") && (event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End");
    if (scrolling) return;
    if (typing && event.key !== "Escape") return;
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      const by = (event.key === "ArrowLeft" ? -1 : 1) * (event.shiftKey ? 10 : 1);
      goTo(state.moment + by);
    } else if (keys[event.key]) {
      keys[event.key]();
    } else {
      return;
    }
    event.preventDefault();
  });
}

drawHead();
drawBar();
drawTimeline();
drawFindings();
drawCharts();
drawMemory();
drawLoad();
drawProcesses();
drawRest();
bindKeys(drawTheme());
if (findings.length) goTo(inside(findings[0]));
document.documentElement.dataset.ready = "yes";
