/** Hands a file of the page's making to the person, as a download. */

/** Longer than a browser needs to take it. */
const TAKEN_MS = 60_000;

/** `name`: with `{time}`, the time stands there, as file systems take it. */
export function saveFile(name: string, type: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name.replace("{time}", new Date().toISOString().replaceAll(/[:.]/g, "-"));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), TAKEN_MS);
}
