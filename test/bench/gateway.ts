/**
 * The gateway of `npm start` over a folder and a server of the bench, in a process of its own.
 *
 * `gateway.ts FOLDER WS-URL` prints the page's base address when it listens, and runs until it is ended.
 */
import { openGateway } from "../../src/cli/gateway.ts";
import { latticeId } from "../../src/core/ids.ts";

const [folder = "", server = ""] = process.argv.slice(2);
const gateway = await openGateway({
  folder,
  host: "127.0.0.1",
  port: 0,
  lattice: latticeId("default"),
  images: [],
  isolate: false,
  tls: undefined,
  say: (line) => void process.stderr.write(`gateway: ${line}\n`),
});
gateway.leadTo(new URL(server), "ours");
process.stdout.write(`${gateway.site.page}\n`);
