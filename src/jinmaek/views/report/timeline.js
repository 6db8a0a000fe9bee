// The findings: when each held, and what is to say of it.

/** Who did most of it, where that is known. */
function who(at) {
  const { first } = report.said[at];
  return first ? make("span", { class: "quiet", text: ` · ${first}` }) : null;
}

function drawTimeline() {
  const list = byId("timeline");
  const bars = findings.map((finding, at) => {
    const from = when(finding.since);
    const until = when(finding.until);
    const label = `${say(finding.severity.toUpperCase())}: ${finding.title}, ${from} – ${until}`;
    const bar = make("button", {
      type: "button",
      class: `bar ${finding.severity}`,
      "aria-label": label,
      title: label,
      onclick: () => choose(at),
    });
    const track = make("div", { class: "track" }, bar, make("span", { class: "now" }));
    const name = make("span", { class: "name" },
      make("span", { class: `mark ${finding.severity}`, text: say(finding.severity.toUpperCase()) }),
      make("span", {}, finding.title, who(at)));
    list.append(make("li", {}, name, track));
    return { finding, bar, track };
  });
  const axis = make("div", { class: "axis", "aria-hidden": "true" });
  if (findings.length) list.append(make("li", { class: "foot" }, make("span", { class: "name" }), axis));

  function place() {
    const span = state.until - state.since;
    const share = (seconds) => clamp((seconds - state.since) / span, 0, 1);
    for (const { finding, bar, track } of bars) {
      const outside = finding.until < state.since || finding.since > state.until;
      const left = share(finding.since);
      const right = share(Math.max(finding.until, finding.since));
      bar.hidden = outside;
      bar.style.left = `${left * 100}%`;
      bar.style.width = `max(6px, ${(right - left) * 100}%)`;
      const mark = track.lastChild;
      mark.hidden = now() < state.since || now() > state.until;
      mark.style.left = `${share(now()) * 100}%`;
    }
    const shown = [0, 0.25, 0.5, 0.75, 1].map((part) =>
      make("span", { text: clock(state.since + part * span, span < 600) }));
    axis.replaceChildren(...shown);
  }
  told.zoom.push(place);
  told.moment.push(place);
  told.finding.push(() => bars.forEach(({ bar }, at) => bar.classList.toggle("chosen", at === state.finding)));
  place();
}

function lines(title, texts) {
  if (!texts.length) return null;
  return make("div", { class: "lines" }, make("dt", { text: title }),
    ...texts.map((text) => make("dd", { text })));
}

/** That nothing was found is an answer, and so is that nothing could be judged. */
function nothingFound() {
  const count = new Set(report.diagnosis.quiet.map((one) => one.rule)).size;
  return count
    ? say("Nothing to do: {count} rules judged, none of them at warning or above.", { count })
    : say("Nothing could be judged: no rule found what it needs.");
}

function drawFindings() {
  const list = byId("findings");
  if (!findings.length) list.append(make("p", { text: nothingFound() }));
  const cards = findings.map((finding, at) => {
    const words = report.said[at];
    const head = make("summary", {},
      make("span", { class: `mark ${finding.severity}`, text: say(finding.severity.toUpperCase()) }),
      make("span", { class: "title", text: finding.title }),
      make("span", { class: "quiet", text: words.lasting }), who(at));
    const go = make("button", { type: "button", text: when(finding.since), onclick: () => choose(at) });
    const close = make("button", { type: "button", text: say("closer"), onclick: () => {
      choose(at);
      const margin = Math.max(30, (finding.until - finding.since) * 0.3);
      zoomTo(finding.since - margin, finding.until + margin);
    } });
    const card = make("details", { class: `card ${finding.severity}` }, head,
      make("p", { text: finding.summary }),
      make("dl", {},
        lines(say("evidence"), words.evidence),
        lines(say("agrees"), words.agree),
        lines(say("unsure"), words.unknown),
        lines(say("who"), words.who),
        lines(say("helps"), finding.helps),
        lines(say("does not"), finding.does_not_help)),
      make("p", { class: "quiet" }, `${finding.rule} · ${words.confidence} · `, go, " ", close));
    list.append(card);
    return card;
  });
  if (cards.length) cards[0].open = true;
  told.finding.push(() => {
    cards.forEach((card, at) => card.classList.toggle("chosen", at === state.finding));
    const card = cards[state.finding];
    if (!card) return;
    card.open = true;
    card.querySelector("summary").focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
    byId("told").textContent = card.querySelector("summary").textContent;
  });
}
