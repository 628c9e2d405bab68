/** Runs one component. */
import { serveComponent } from "./serve.ts";
import { createWasi } from "./wasi/wasi.ts";

serveComponent(self, createWasi);
