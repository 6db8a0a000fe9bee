// What was so at the chosen moment: the memory ledger, the load, the processes.

const cell = (text, kind) => make("td", { class: kind, text });
const head = (text, kind) => make("th", { class: kind, scope: "col", text });
const nothing = (columns) =>
  make("tr", {}, make("td", { colspan: columns, class: "quiet", text: say("not recorded at this moment") }));

function drawMemory() {
  const bar = byId("ledger-bar");
  const body = byId("ledger");
  const { buckets, moments: ledgers } = report.moments.memory;
  const largest = buckets.map((_, at) => Math.max(0, ...ledgers.map((one) => one?.bytes[at] ?? 0)));
  const order = buckets.map((_, at) => at).sort((a, b) => largest[b] - largest[a]);
  const paints = new Map(order.slice(0, 6).map((at, place) => [at, `--line-${place + 1}`]));

  function show() {
    const ledger = ledgers[state.moment];
    byId("ledger-total").textContent = ledger ? say("all of {total}", { total: amount(ledger.total, "bytes") }) : "";
    if (!ledger) {
      bar.replaceChildren();
      body.replaceChildren(nothing(3));
      return;
    }
    const parts = order.map((at) => ({ ...buckets[at], bytes: ledger.bytes[at], paint: paints.get(at) ?? "--other" }));
    parts.push({
      title: say("residual: in no line of /proc/meminfo"), bytes: ledger.residual, paint: "--residual",
      source: "meminfo.MemTotal - …",
    });
    bar.replaceChildren(...parts.filter((part) => part.bytes > 0).map((part) => {
      const piece = make("span", { title: `${part.title}: ${amount(part.bytes, "bytes")}` });
      piece.style.flexGrow = String(part.bytes / ledger.total);
      piece.style.background = `var(${part.paint})`;
      return piece;
    }));
    body.replaceChildren(...parts.filter((part) => part.bytes !== null && part.bytes !== 0).map((part) => {
      const swatch = make("span", { class: "swatch" });
      swatch.style.background = `var(${part.paint})`;
      const name = make("td", { title: part.source }, swatch, part.title);
      return make("tr", {}, name, cell(amount(part.bytes, "bytes"), "number"),
        cell(amount(part.bytes / ledger.total, "ratio"), "number"));
    }));
  }
  told.moment.push(show);
  show();
}

function drawLoad() {
  const body = byId("load");

  function show() {
    const load = report.moments.load[state.moment];
    byId("load-sentence").textContent = load ? load.sentence : "";
    byId("load-sum").replaceChildren(...(load ? sums(load) : []));
    body.replaceChildren(...(load ? load.parts.flatMap(rows) : [nothing(3)]));
  }

  function sums(load) {
    const said = [
      [say("load average, 1 min"), load.load1], [say("CPUs of the host"), load.cpus],
      [say("sum of the parts"), load.counted], [say("the kernel counted"), load.recovered],
      [say("unexplained"), load.unexplained], [say("on a CPU"), load.on_cpu],
      [say("stolen by the hypervisor"), load.stolen],
    ];
    const span = say("over the {seconds} before", { seconds: lasting(load.window_s) });
    const known = said.filter(([, value]) => value !== null);
    return [make("span", { text: span }), ...known.map(([name, value]) =>
      make("span", {}, `${name} `, make("strong", { text: plain(value) })))];
  }

  function rows(part) {
    const threads = part.in_load ? part.threads.toFixed(2) : `(${part.threads.toFixed(2)})`;
    const first = make("tr", { class: "kind" }, cell(part.title), cell(threads, "number"),
      cell(part.share === null ? MISSING : amount(part.share, "ratio"), "number"));
    const who = part.who.map((one) => {
      const place = one.wchan ? ` · ${one.wchan}` : "";
      return make("tr", { class: "who" }, cell(`${one.name} [${one.pid}]${place}`),
        cell(one.threads.toFixed(2), "number"), cell("", "number"));
    });
    if (part.left_out.count) {
      who.push(make("tr", { class: "who" }, cell(say("{count} more", part.left_out)),
        cell(part.left_out.threads.toFixed(2), "number"), cell("", "number")));
    }
    return [first, ...who];
  }
  told.moment.push(show);
  show();
}

// What is called how, where it is, in which unit, and whether high figures come first.
const COLUMNS = [
  ["process", (one) => one.name.toLowerCase(), "text", false],
  ["pid", (one) => one.pid, "number", false],
  ["CPUs", (one) => one.cpu, "cpu", true],
  ["resident memory", (one) => one.resident, "bytes", true],
  ["in swap", (one) => one.swap, "bytes", true],
  ["state", (one) => one.state, "text", false],
  ["read", (one) => one.read, "bytes/s", true],
  ["written", (one) => one.write, "bytes/s", true],
  ["user", (one) => one.user ?? "", "text", false],
  ["threads", (one) => one.threads, "number", true],
];
const SUMMED = ["cpu", "bytes", "bytes/s"];

function drawProcesses() {
  const { processes, columns, moments: tables } = report.moments.tasks;
  const body = byId("processes");
  const filter = byId("filter");
  const sort = { column: COLUMNS.findIndex(([name]) => name === "CPUs"), down: true };
  const heads = COLUMNS.map(([name, , kind], at) => {
    const button = make("button", {
      type: "button", text: say(name), "aria-label": say("sort by {column}", { column: say(name) }),
      onclick: () => {
        sort.down = sort.column === at ? !sort.down : COLUMNS[at][3];
        sort.column = at;
        show();
      },
    });
    return make("th", { scope: "col", class: kind === "text" ? "" : "number" }, button);
  });
  byId("processes-head").append(...heads);

  const named = (row) => {
    const one = Object.fromEntries(columns.map((name, at) => [name, row[at]]));
    return { ...one, ...processes[one.process] };
  };

  function shown(one, at) {
    const [, get, kind] = COLUMNS[at];
    const value = get(one);
    if (kind === "text") return at === 0 ? one.name : value || MISSING;
    if (kind === "number") return value === undefined || value === null ? "" : String(value);
    if (kind === "cpu") return value === null || value === undefined ? MISSING : value.toFixed(2);
    return amount(value, kind);
  }

  function compare(a, b) {
    const get = COLUMNS[sort.column][1];
    const [left, right] = [get(a) ?? -1, get(b) ?? -1];
    const order = left < right ? -1 : left > right ? 1 : a.pid - b.pid;
    return sort.down ? -order : order;
  }

  function show() {
    const table = tables[state.moment];
    heads.forEach((th, at) =>
      th.setAttribute("aria-sort", at !== sort.column ? "none" : sort.down ? "descending" : "ascending"));
    if (!table) {
      body.replaceChildren(nothing(COLUMNS.length));
      byId("processes-kept").textContent = "";
      return;
    }
    const wanted = filter.value.toLowerCase();
    const rows = table.rows.map(named)
      .filter((one) => !wanted || one.name.toLowerCase().includes(wanted) || String(one.pid).startsWith(wanted))
      .sort(compare);
    const every = rows.map((one) => make("tr", { class: `state-${"DZR".includes(one.state) ? one.state : "S"}` },
      ...COLUMNS.map(([, , kind], at) => cell(shown(one, at), kind === "text" ? COLUMNS[at][0] : "number"))));
    if (!rows.length) every.push(make("tr", {}, make("td", { colspan: COLUMNS.length, class: "quiet", text: say("None of those kept matches.") })));
    const left = table.left_out;
    if (left.processes && !wanted) {
      const title = `${say("all others together")} (${left.processes})`;
      every.push(make("tr", { class: "others" }, ...COLUMNS.map(([, , kind], at) =>
        cell(at === 0 ? title : SUMMED.includes(kind) ? shown(left, at) : "", kind === "text" ? "" : "number"))));
    }
    body.replaceChildren(...every);
    byId("processes-kept").textContent = say(
      "{shown} of {all} processes are kept for each moment: those that used most CPU, memory, swap or I/O, and those in D or Z. The last line is all others together.",
      { shown: table.rows.length, all: table.all },
    );
  }
  filter.addEventListener("input", show);
  told.moment.push(show);
  show();
}
