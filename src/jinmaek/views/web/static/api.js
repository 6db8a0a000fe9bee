// Questions to the server, and its live updates.

/** Why there is no answer, in one line. */
export class Unanswered extends Error {
  constructor(status, why) {
    super(why);
    this.status = status;
  }
}

export async function get(name, parameters = {}, signal = undefined) {
  const query = new URLSearchParams(
    Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined),
  );
  const text = query.toString();
  const response = await fetch(`/api/v1/${name}${text ? `?${text}` : ""}`, { signal, credentials: "same-origin" });
  if (!response.ok) {
    let why = `${response.status} ${response.statusText}`;
    if ((response.headers.get("content-type") ?? "").startsWith("application/json")) why = (await response.json()).error ?? why;
    throw new Unanswered(response.status, why);
  }
  return response.json();
}

/** Listen for updates for ever: {hello, sample, diagnosis, fault} are called with their data, joined with true or false. */
export function listen({ hello, sample, diagnosis, fault, joined }) {
  let source = null;
  const open = () => {
    source = new EventSource("/api/v1/events");
    source.addEventListener("hello", (event) => {
      joined(true);
      hello(JSON.parse(event.data));
    });
    source.addEventListener("sample", (event) => sample(JSON.parse(event.data)));
    source.addEventListener("diagnosis", (event) => diagnosis(JSON.parse(event.data)));
    source.addEventListener("fault", (event) => fault(JSON.parse(event.data)));
    source.addEventListener("error", () => {
      joined(false);
      // The browser tries again by itself after a broken connection, but not after a refusal.
      if (source.readyState === EventSource.CLOSED) setTimeout(open, 3000);
    });
  };
  open();
  addEventListener("pagehide", () => source.close());
}
