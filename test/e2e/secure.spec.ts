import { expect, test } from "@playwright/test";

import { makeCertificate } from "../support/certificates.ts";
import { startInlay } from "../support/inlay-server.ts";
import { launchNats } from "../support/launch-nats.ts";
import { createTestOperator } from "../support/nats-jwt.ts";
import { browsers, joinFrom } from "../support/tabs.ts";

for (const name of ["chromium", "firefox"] as const) {
  test(`${name}: an https page joins over wss with creds, and without them it is denied`, async () => {
    const operator = createTestOperator();
    await using certificate = await makeCertificate();
    await using nats = await launchNats({ operator: operator.launch });
    await using inlay = await startInlay([
      "--servers",
      nats.ws,
      "--tls-cert",
      certificate.certFile,
      "--tls-key",
      certificate.keyFile,
    ]);
    expect(inlay.page).toMatch(/^https:/);
    expect(inlay.ws).toMatch(/^wss:/);
    await using browser = await browsers[name]();
    const creds = operator.creds();

    const tab = await joinFrom(browser, inlay.page, {
      servers: [inlay.ws],
      credentials: { creds },
    });
    const seen = await tab.run(`return JSON.stringify(node.view.peek())`);
    const denied = await joinFrom(browser, inlay.page, { servers: [inlay.ws] }).then(
      () => "joined",
      String,
    );

    expect(tab.hostId).toMatch(/^N/);
    const [seed = "no seed"] = /SU[A-Z2-7]{56}/.exec(creds) ?? [];
    expect(creds).toContain(seed);
    expect(seen).not.toContain(seed);
    expect(denied).toMatch(/denied|authori[sz]ation|credentials/i);
  });
}
