/**
 * A volume of a workload of wasmCloud v2 in a tab: two components and the service have the same files, one of them only to
 * read, and all of it is gone with the workload.
 */
import { expect, test } from "@playwright/test";
import type { WireVolume, WireWorkload } from "../../src/dialects/v2/schema.ts";
import type { Draft } from "../../src/wire/protojson.ts";
import type { ImageServer } from "../support/image-server.ts";
import type { NativePeer } from "../support/native-peer.ts";

import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { connectPeer } from "../support/native-peer.ts";
import { openTestBus } from "../support/nats-bus.ts";
import { openOperator } from "../support/operator.ts";

interface Desk {
  readonly images: ImageServer;
  readonly volumes: readonly Draft<WireVolume>[];
  /** What the components mount. */
  readonly mounted?: string;
}

/** `files` does what messages on `writer` and `reader` say; the service has left a note before. */
function deskOf({ images, volumes, mounted = "desk" }: Desk): Draft<WireWorkload> {
  const mount = (mountPath: string, readOnly = false) => ({ name: mounted, mountPath, readOnly });
  const component = (name: string, path: string, readOnly = false) => ({
    name,
    image: images.url("files.wasm"),
    localResources: {
      config: new Map([["subscriptions", name]]),
      volumeMounts: [mount(path, readOnly)],
    },
  });
  return {
    namespace: "default",
    volumes,
    service: {
      image: images.url("files.wasm"),
      localResources: {
        environment: new Map([["SCRIPT", "write /notes/service hello"]]),
        volumeMounts: [mount("/notes")],
      },
    },
    witWorld: {
      components: [component("writer", "/desk"), component("reader", "/shown", true)],
      hostInterfaces: [
        {
          namespace: "wasmcloud",
          package: "messaging",
          version: "0.2.0",
          interfaces: ["consumer", "handler", "types"],
        },
      ],
    },
  };
}

/** What became of each line; `test/fixtures/files/files.rs` says what lines there are. */
async function does({ nats }: NativePeer, who: string, ...lines: string[]): Promise<string[]> {
  return (await nats.request(who, lines.join("\n"), { timeout: 30_000 })).string().split("\n");
}

test("components and the service of a workload have one volume, which is gone with the workload", async ({
  page,
}) => {
  await using server = await startInlay([]);
  await using images = await serveImages();
  await using operator = await openOperator(await openTestBus(server.wsDirect), { now: () => 0 });
  await using peer = await connectPeer(server.wsDirect);
  const query = { servers: server.ws, dialects: "v2", name: "desk", autojoin: "" };
  await page.goto(`${server.page}?${String(new URLSearchParams(query))}`);
  await expect.poll(() => [...operator.hosts.keys()], { timeout: 60_000 }).toEqual(["desk"]);
  const host = operator.hosts.get("desk")?.heartbeat.id ?? "";
  const volumes = [{ name: "desk", emptyDir: {} }];
  const ran = { workloadState: "WORKLOAD_STATE_RUNNING", message: "Workload started successfully" };

  await test.step("what cannot be mounted is refused, with the field", async () => {
    const paths = [{ name: "desk", hostPath: { localPath: "/etc" } }];
    const refused = [
      await operator.start(host, "paths", deskOf({ images, volumes: paths })),
      await operator.start(host, "strange", deskOf({ images, volumes, mounted: "shelf" })),
    ];

    expect(refused.map(({ workloadState }) => workloadState)).toEqual(
      refused.map(() => "WORKLOAD_STATE_ERROR"),
    );
    expect(refused.map(({ message }) => message)).toEqual([
      expect.stringContaining("volume 'desk' is a host path"),
      expect.stringContaining("volumeMounts[0] of component 'writer' names 'shelf'"),
    ]);
    expect(images.requests).toEqual([]);
  });

  expect(await operator.start(host, "first", deskOf({ images, volumes }))).toMatchObject(ran);
  // The service runs from then on.
  await expect.poll(() => does(peer, "reader", "read /shown/service")).toEqual(["ok hello"]);
  const wrote = await does(peer, "writer", "append /desk/service , you", "mkdir /desk/x");
  const read = await does(peer, "reader", "read /shown/service", "list /shown", "list /desk");
  const changed = await does(peer, "reader", "write /shown/a text", "remove /shown/service");
  const full = await does(
    peer,
    "writer",
    `resize /desk/service ${64 * 1024 * 1024 + 1}`,
    "read /desk/service",
  );

  expect(wrote).toEqual(["ok", "ok"]);
  expect(read).toEqual(["ok hello, you", "ok service x/", "err NotFound"]);
  expect(changed).toEqual(["err PermissionDenied", "err PermissionDenied"]);
  expect(full).toEqual(["err StorageFull", "ok hello, you"]);

  expect(await operator.stop(host, "first")).toMatchObject({
    workloadState: "WORKLOAD_STATE_STOPPING",
  });
  expect(await operator.start(host, "second", deskOf({ images, volumes }))).toMatchObject(ran);
  await expect.poll(() => does(peer, "reader", "list /shown")).toEqual(["ok service"]);
  expect(await does(peer, "reader", "read /shown/service")).toEqual(["ok hello"]);
  expect(operator.refused).toEqual([]);
});
