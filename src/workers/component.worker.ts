/** Runs one component. */
import { serveComponent } from "./serve.ts";
import { createWasi } from "./wasi.ts";

serveComponent(self, createWasi);
