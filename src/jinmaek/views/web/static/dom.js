// Elements made of text, never of markup: names on a host are written by anybody.

const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/** Text with ? for what would turn, hide or break it: as views.plain.safe on the terminal. */
export function plain(text) {
  return String(text).replace(UNSEEN, "?");
}

/** An element. `props` are attributes, `on` with listeners, `style` with CSS properties, `text`. */
export function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") made.textContent = plain(value);
    else if (name === "class") made.className = value;
    else if (name === "on") {
      for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    } else if (name === "style") {
      for (const [property, text] of Object.entries(value)) made.style.setProperty(property, text);
    } else made.setAttribute(name, value === true ? "" : plain(value));
  }
  put(made, ...children);
  return made;
}

/** Children at the end of an element: elements, texts, lists of them; nothing for null. */
export function put(parent, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : document.createTextNode(plain(child)));
  }
  return parent;
}

/** Other children in the place of all there were. */
export function fill(parent, ...children) {
  parent.replaceChildren();
  return put(parent, ...children);
}

export function svg(tag, props = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** A table with a caption for those who hear it. Columns: {head, cell(row), class, title}. */
export function table(caption, columns, rows, props = {}) {
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el(
      "table",
      props,
      el("caption", { class: "heard", text: caption }),
      el("thead", {}, el("tr", {}, columns.map((one) => el("th", { scope: "col", class: one.class, title: one.title }, one.head)))),
      el(
        "tbody",
        {},
        rows.map((row) =>
          el("tr", row.attributes ?? {}, columns.map((one, at) =>
            el(at === 0 && one.scope ? "th" : "td", { class: one.class, scope: at === 0 && one.scope ? "row" : null }, one.cell(row)))),
        ),
      ),
    ),
  );
}
