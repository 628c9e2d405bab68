/** A tab that joins by its address as a host of wasmCloud v2: it registers, runs a real component, and answers HTTP for it. */
import { expect, test } from "@playwright/test";

import { hostTarget } from "../../src/dialects/v2/ingress-names.ts";
import { createInterfaces } from "../../src/interfaces/interfaces.ts";
import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { openTestBus } from "../support/nats-bus.ts";
import { openOperator } from "../support/operator.ts";
import { bytesOfStream, streamOf } from "../support/streams.ts";
import { openWrpcNode } from "../support/wrpc-node.ts";

const HANDLER = "wrpc:http/incoming-handler@0.1.0";

test("an operator gives a tab a workload, and the tab answers its requests", async ({ page }) => {
  await using server = await startInlay();
  await using images = await serveImages();
  await using operator = await openOperator(await openTestBus(server.wsDirect), {
    now: () => Date.now(),
  });
  await using gateway = await openWrpcNode(server.wsDirect, { lattice: { ingressOf: "default" } });
  const query = new URLSearchParams({
    servers: server.ws,
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
  const world = {
    imports: new Map(),
    exports: new Map([...createInterfaces().flat.exports].filter(([name]) => name === HANDLER)),
  };
  const request = {
    body: streamOf([new TextEncoder().encode("hello")]),
    trailers: Promise.resolve(undefined),
    method: { tag: "post" },
    pathWithQuery: "/echo",
    scheme: { tag: "HTTP" },
    authority: "echo.example",
    headers: [],
  };
  const [result] = await gateway.call(hostTarget("echo.example"), world, `${HANDLER}#handle`, [
    request,
  ]);

  const { val } = result as { readonly val: { readonly status: number; readonly body: never } };
  expect(val.status).toBe(200);
  expect(Buffer.from(await bytesOfStream(val.body)).toString()).toBe("hello");
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
