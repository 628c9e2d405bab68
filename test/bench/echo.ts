/**
 * Echoes what comes to a subject: the same work as in the tab, without a browser.
 *
 * `echo.ts NATS-URL SUBJECT` prints a line when it has subscribed, and runs until it is ended.
 */
import { connectNats } from "./nats-client.ts";

const [url = "", subject = ""] = process.argv.slice(2);
const client = await connectNats(url, "bench node echo");
client.subscribe(subject, ({ reply, data }) => {
  if (reply !== undefined) client.publish(reply, data);
});
await client.flush();
process.stdout.write("subscribed\n");
