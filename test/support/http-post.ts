/** HTTP with bodies that are never whole in memory: sent while the answer is read, and checked byte by byte. */
import { type IncomingMessage, request as startRequest } from "node:http";
import { Readable } from "node:stream";

/** Of the answer's beginning, for {@link Answer.text}. */
const TEXT_BYTES = 200;

export interface Answer {
  readonly status: number;
  readonly bytes: number;
  /** The first bytes, as text. */
  readonly text: string;
  /** Places whose byte is not the one of `wanted`. */
  readonly wrong: number;
}

/** Posts as `curl -T -` does: the body goes out while the answer comes in. */
export async function post(
  url: string,
  body: Iterable<Uint8Array>,
  wanted: (at: number) => number | undefined = () => undefined,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const request = startRequest(url, { method: "POST", headers });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.once("error", reject);
    request.once("response", resolve);
  });
  Readable.from(body).pipe(request);
  const response = await answered;
  let bytes = 0;
  let wrong = 0;
  let text = "";
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (bytes < TEXT_BYTES) text += chunk.subarray(0, TEXT_BYTES).toString();
    for (let index = 0; index < chunk.length; index++) {
      const byte = wanted(bytes + index);
      if (byte !== undefined && byte !== chunk[index]) wrong++;
    }
    bytes += chunk.length;
  }
  return { status: response.statusCode ?? 0, bytes, text, wrong };
}
