// The findings first, then what looks bad and is fine, then what could not be judged.

import { el, fill } from "../dom.js";
import { amount, moment, percent, span } from "../format.js";
import { state, watch } from "../state.js";
import { t } from "../texts.js";
import { Asking, waiting } from "./loading.js";

const SEVERE = ["critical", "warning"];
const WORDS = { critical: "CRITICAL", warning: "WARNING", info: "INFO" };

export function open(view) {
  const asking = new Asking();
  const place = el("div", { "aria-live": "polite", "aria-busy": "true" }, waiting(t("taking the pulse…")));
  view.append(place);
  const load = () =>
    asking.ask("diagnosis", { lang: state.lang, at: state.at }, place, (told) => {
      const open = new Set([...place.querySelectorAll("details[open]")].map((one) => one.id));
      fill(place, ...page(told));
      for (const one of place.querySelectorAll("details")) if (open.has(one.id)) one.open = true;
      place.setAttribute("aria-busy", "false");
    });
  load();
  const unwatch = watch(["at"], () => {
    place.setAttribute("aria-busy", "true");
    load();
  });
  return {
    diagnosis: () => state.at === null && load(),
    close: () => {
      unwatch();
      asking.close();
    },
  };
}

function page(told) {
  const severe = told.findings.some((one) => SEVERE.includes(one.severity));
  const judged = new Set([...told.quiet, ...told.findings].map((one) => one.rule)).size;
  return [
    severe ? null : calm(judged),
    told.findings.map((one) => finding(one, one.since > told.time - told.window_s + 1)),
    scary(told),
    unknown(told),
    told.gaps.length ? gaps(told) : null,
    el("p", { class: "soft", text: `${t("as of {time}", { time: moment(told.time) })} · ${t("watched for {time}", { time: span(told.window_s) })}` }),
  ];
}

function calm(judged) {
  const text = judged
    ? t("Nothing to do: {count} rules judged, none of them at warning or above.", { count: judged })
    : t("Nothing could be judged: no rule found what it needs.");
  return el("section", { class: `card ${judged ? "fine" : "finding warning"}`, id: "calm" }, el("h2", { text }));
}

function finding(one, begun) {
  return el(
    "article",
    { class: `card finding ${one.severity}`, "aria-label": `${t(WORDS[one.severity] ?? one.severity)}: ${one.title}` },
    el(
      "header",
      {},
      el("span", { class: "badge", text: t(WORDS[one.severity] ?? one.severity) }),
      el("h2", { text: one.title }),
      el("span", { class: "soft" }, el("code", { text: one.rule }), ` · ${t(`${one.confidence} confidence`)} · ${t(begun ? "for {time}" : "for at least {time}", { time: span(one.until - one.since) })}`),
    ),
    el("p", { class: "summary", text: one.summary }),
    one.fell === null ? null : el("p", { class: "soft", text: t("Not so for {time} now; it stays listed until it is well clear of its limits.", { time: span(one.until - one.fell) }) }),
    el(
      "dl",
      { class: "facts" },
      fact(t("evidence"), one.evidence.map(evidence)),
      fact(t("agrees"), one.indicators.agree),
      fact(t("unsure"), one.indicators.unknown),
      fact(t("who"), one.culprits.map(culprit)),
      fact(t("helps"), one.helps),
      fact(t("does not"), one.does_not_help),
    ),
  );
}

function fact(label, lines) {
  if (!lines.length) return null;
  return [el("dt", { text: label }), el("dd", {}, el("ul", {}, lines.map((line) => el("li", {}, line))))];
}

export function evidence(one) {
  const labels = Object.entries(one.labels).map(([name, value]) => `${name}=${value}`);
  const limit = one.limit === null ? "" : ` (${t("limit {limit}", { limit: amount(one.limit, one.unit) })})`;
  return [el("code", { title: one.file, text: [t(one.column), ...labels].join(" ") }), ` = ${amount(one.value, one.unit)}${limit}`];
}

function culprit(one) {
  return [
    one.share === null ? null : [el("span", { class: "share", "aria-hidden": "true" }, el("i", { style: { width: percent(Math.min(1, one.share)).replace(" ", "") } })), `${percent(one.share, 0)} `],
    el("b", { text: one.name }),
    one.pid === null ? null : ` [${one.pid}]`,
    ` ${one.why}`,
    one.cgroup && one.cgroup !== "/" ? el("span", { class: "soft mono", text: ` ${one.cgroup}` }) : null,
  ];
}

function scary(told) {
  const shown = told.quiet.filter((one) => one.reason);
  if (!shown.length) return null;
  return el(
    "section",
    { class: "card fine" },
    el("h2", { text: t("looks bad, is fine") }),
    el(
      "dl",
      { class: "quiet" },
      shown.map((one) => [
        el("dt", {}, el("code", { text: one.rule })),
        el("dd", {}, one.reason, one.evidence.map((item) => el("div", { class: "soft" }, evidence(item)))),
      ]),
    ),
  );
}

function unknown(told) {
  if (!told.unknown.length) return null;
  const groups = new Map();
  for (const one of told.unknown) {
    const why = reason(one);
    groups.set(why, [...(groups.get(why) ?? []), one.rule]);
  }
  return el(
    "details",
    { class: "card", id: "unknown" },
    el("summary", { text: `${t("could not be judged")}: ${told.unknown.length}` }),
    el("dl", { class: "quiet" }, [...groups].map(([why, rules]) => [el("dt", { text: why }), el("dd", {}, el("code", { text: rules.join(", ") }))])),
  );
}

function reason(one) {
  if (one.gap.kind === "too short" && one.needed_s !== null) return t("a trend needs {time} of readings", { time: span(Math.ceil(one.needed_s)) });
  if (one.gap.kind === "too short") return t("one reading is not enough for a rate");
  return `${one.gap.source} ${t(one.gap.kind)}${one.gap.detail ? ` (${one.gap.detail})` : ""}`;
}

function gaps(told) {
  return el(
    "details",
    { class: "card", id: "gaps" },
    el("summary", { text: `${t("could not be read")}: ${told.gaps.length}` }),
    el("ul", {}, told.gaps.map((one) => el("li", {}, el("code", { text: one.source }), ` ${t(one.kind)} ${one.detail}`))),
  );
}
