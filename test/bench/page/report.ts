/** Tells the bench what happened in a page. Nothing else leaves a page that is measured. */

/** `no-cors`: the bench listens on a port of its own and needs to answer nothing. */
export async function report(message: object): Promise<void> {
  const address = new URLSearchParams(location.search).get("report");
  if (address === null) throw new Error("the address names no place to report to");
  await fetch(address, { method: "POST", mode: "no-cors", body: JSON.stringify(message) });
}
