/** The rows of the 1.x control plane about what the lattice keeps: links, configuration, claims. */
import type { RouteEntry } from "../route.ts";

import { readJson } from "../../wire/shape.ts";
import { plain } from "../json.ts";
import { lastToken, route } from "../route.ts";
import { claimsJson } from "./facts/claims.ts";
import { linkJson, linkKeyOf, linkKeyShape, linkOf, linkShape } from "./link-json.ts";
import { success } from "./messages.ts";

/** `at` puts the common prefix before a subject. */
export function factRoutes(at: (tail: string) => string): readonly RouteEntry[] {
  return [
    route({
      subject: at("link.put"),
      command: "link.put",
      decode: ({ data }) => linkOf(readJson(data, linkShape)),
      malformed: "failed to deserialize wrpc link definition",
      encode: () => success("successfully set link"),
    }),
    route({
      subject: at("link.del"),
      command: "link.remove",
      decode: ({ data }) => linkKeyOf(readJson(data, linkKeyShape)),
      malformed: "failed to deserialize wrpc link definition",
      encode: (reply) =>
        success(
          reply === "unknown"
            ? "successfully deleted link (spec doesn't exist)"
            : "successfully deleted link",
        ),
    }),
    route({
      subject: at("link.get"),
      command: "link.list",
      decode: () => undefined,
      malformed: "",
      encode: (links) => success("", links.map(linkJson)),
    }),
    route({
      subject: at("config.put.*"),
      command: "config.put",
      decode: ({ subject, data }) => ({ name: lastToken(subject), body: data }),
      malformed: "",
      encode: () => success("successfully put config"),
    }),
    route({
      subject: at("config.get.*"),
      command: "config.get",
      decode: ({ subject }) => ({ name: lastToken(subject) }),
      malformed: "",
      encode: (values) =>
        values === undefined ? success("Configuration not found") : success("", plain(values)),
    }),
    route({
      subject: at("config.del.*"),
      command: "config.remove",
      decode: ({ subject }) => ({ name: lastToken(subject) }),
      malformed: "",
      encode: () => success("successfully deleted config"),
    }),
    route({
      subject: at("claims.get"),
      command: "claims.list",
      decode: () => undefined,
      malformed: "",
      encode: (claims) => success("", claims.map(claimsJson)),
    }),
  ];
}
