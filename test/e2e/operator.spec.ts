/**
 * A tab that joins by its address as a host of wasmCloud v2: it registers, runs a real component, and answers HTTP for it, by the
 * port of `npm start` that it has told the operator.
 */
import { once } from "node:events";
import { type IncomingMessage, request as startRequest } from "node:http";
import { text } from "node:stream/consumers";
import { expect, test } from "@playwright/test";

import { post } from "../support/http-post.ts";
import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { openTestBus } from "../support/nats-bus.ts";
import { openOperator } from "../support/operator.ts";
import { pattern, patternAt } from "../support/streams.ts";

const BODY_BYTES = 5_000_000;

test("an operator gives a tab a workload, and the tab answers what the runtime gateway sends it, streaming", async ({
  page,
}) => {
  await using server = await startInlay(["--workload-port", "0"]);
  await using images = await serveImages();
  await using operator = await openOperator(await openTestBus(server.wsDirect), {
    now: () => Date.now(),
  });
  const query = new URLSearchParams({
    dialects: "v1,v2",
    name: "Till 7",
    hostgroup: "tills",
    label: "rack=no 7",
    autojoin: "",
  });
  operator.deploy("echo", {
    selector: { hostgroup: "tills" },
    workload: {
      namespace: "default",
      witWorld: {
        components: [{ name: "web", image: images.url("web.wasm"), localResources: {} }],
        hostInterfaces: [
          {
            namespace: "wasi",
            package: "http",
            interfaces: ["incoming-handler"],
            config: new Map([["host", "echo.example"]]),
          },
        ],
      },
    },
  });

  await page.goto(`${server.page}?${query}`);
  await expect.poll(() => operator.hosts.size, { timeout: 60_000 }).toBe(1);
  await expect
    .poll(
      async () => {
        await operator.reconcile();
        return operator.replicas.get("echo")?.status.message;
      },
      { timeout: 120_000 },
    )
    .toBe("Workload is Running");
  // What the operator knows is what the runtime gateway goes by; it keeps the client's Host.
  const { hostname, httpPort } = [...operator.hosts.values()][0]?.heartbeat ?? {};
  const address = `http://${hostname}:${httpPort}/`;
  const headers = {
    host: "echo.example",
    "x-workload-id": operator.replicas.get("echo")?.uid ?? "",
    "x-real-ip": "203.0.113.9",
    "x-forwarded-for": "203.0.113.9",
    "x-forwarded-host": "echo.example",
    "x-forwarded-proto": "http",
  };
  const head = await post(`${address}headers?a=b`, [], undefined, headers);
  const echoed = await post(`${address}echo`, pattern(BODY_BYTES), patternAt, headers);
  const { "x-workload-id": _, ...unnamed } = headers;
  const byHost = await post(`${address}echo`, [Buffer.from("hello")], undefined, unnamed);
  const gone = await post(`${address}echo`, [], undefined, { host: "gone.example" });
  const request = startRequest(`${address}echo`, { method: "POST", headers });
  request.write("first ");
  const [response]: IncomingMessage[] = await once(request, "response");
  if (response === undefined) throw new Error("no response");
  const [first] = await once(response, "data");
  request.end("last");
  const rest = await text(response);

  expect(address).toBe(server.workloads);
  expect(head).toMatchObject({ status: 203 });
  expect(head.text).toContain("2\n/headers?a=b\necho.example\n");
  expect(head.text).toContain(`x-workload-id: ${headers["x-workload-id"]}\n`);
  expect(echoed).toMatchObject({ status: 200, bytes: BODY_BYTES, wrong: 0 });
  expect(byHost).toMatchObject({ status: 200, text: "hello" });
  expect(gone.status).toBe(404);
  // The answer has begun before the question has ended.
  expect([String(first), rest]).toEqual(["first ", "last"]);
  await operator.reconcile(); // what runs now is told when it is asked
  const [host] = operator.hosts.values();
  expect(host?.name).toMatch(/^till-7-[\da-f]{12}$/);
  expect(host?.heartbeat).toMatchObject({
    osArch: "wasm32",
    workloadCount: 1n,
    componentCount: 1n,
  });
  expect([...(host?.heartbeat.labels.keys() ?? [])]).not.toContain("rack");
  expect(operator.refused).toEqual([]);
});
