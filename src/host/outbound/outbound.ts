/**
 * What a component imports beyond WASI, answered: by the host itself, or by whatever the lattice's links lead to.
 *
 * Interfaces that 1.x translates go by their mapping (`interfaces/`), all others as they are, by the component's own
 * types.
 */
import type { ImportCall, Importee, Results } from "../../core/call.ts";
import type { SignedClaims } from "../../core/claims.ts";
import type { Dialect, Importer } from "../../core/dialect.ts";
import type { ErrorCode } from "../../core/error.ts";
import type { EntityId } from "../../core/ids.ts";
import type { LinkTable } from "../../core/link.ts";
import type { Log } from "../../core/log.ts";
import type { View } from "../../core/view.ts";
import type { WitValue, World } from "../../core/wit.ts";
import type { Held, ImportFunction } from "../../interfaces/import-mapping.ts";
import type { Interfaces, InterfacesOfWorkload } from "../../interfaces/interfaces.ts";
import type { CallTap } from "../interceptors/tap.ts";
import type { Drops } from "./drops.ts";
import type { Reach } from "./reach.ts";

import { asLatticeError, LatticeError, messageOf } from "../../core/error.ts";
import { DEFAULT_LINK, linkMissing } from "../../core/link.ts";
import { withoutVersion } from "../../core/wit.ts";
import { onTheWire, tellsFailures, withFailures } from "../../interfaces/rpc-error.ts";
import { createHostAnswers } from "./host-answers.ts";
import { createSessions } from "./sessions.ts";
import { childTrace } from "./trace-context.ts";

export interface OutboundParts {
  /** Whose imports these are, and what it imports. */
  readonly id: EntityId;
  readonly world: World;
  /** What whoever signed it says of it; absent where nobody did. */
  readonly claims: SignedClaims | undefined;
  readonly config: View<ReadonlyMap<string, string>>;
  /** The component's links as they are now. */
  readonly links: () => LinkTable;
  /** Why there are none at all, if so. */
  readonly linkless: () => string | undefined;
  /**
   * Whether another component of its set answers `instance` just as it is imported: nothing is translated then, and the host
   * has no answer of its own. Links name it with its version. Default: there is no set.
   */
  readonly within?: (instance: string) => boolean;
  readonly interfaces: Interfaces;
  readonly own: InterfacesOfWorkload;
  readonly reach: Reach;
  /** Some of what is imported a generation has an answer of its own to. */
  readonly dialects: readonly Pick<Dialect, "answers">[];
  readonly dropped: Drops;
  readonly log: Log;
  /** Who watches calls, if anybody: also those that the host itself answers. Default nobody. */
  readonly tap?: CallTap;
}

/** Where an import goes: under which names links know it, and the types of what is called there. */
interface Route {
  readonly links: readonly string[];
  readonly types: World;
}

export function createOutbound(parts: OutboundParts): Importee {
  const { id, interfaces, reach, log } = parts;
  const imports: World = { imports: new Map(), exports: onTheWire(parts.world.imports) };
  const isWithin = (instance: string): boolean => parts.within?.(instance) === true;
  const linksOf = (instance: string): readonly string[] =>
    isWithin(instance)
      ? [instance]
      : (interfaces.importOf(instance)?.links ?? [withoutVersion(instance)]);
  const linkable = new Set([...parts.world.imports.keys()].flatMap(linksOf));
  const answerOf = createHostAnswers({ ...parts, linkable });
  /** By what stands for one instance of the component. */
  const heldBy = new WeakMap<ImportCall["linkNames"], Held>();
  const sessions = createSessions();
  const heldOf = ({ linkNames }: ImportCall): Held => {
    let held = heldBy.get(linkNames);
    if (held === undefined) heldBy.set(linkNames, (held = parts.own.held()));
    return held;
  };

  /** Whom an instance has chosen in the place of what its links lead to, by interface without version. */
  const directed = new WeakMap<ImportCall["linkNames"], Map<string, () => EntityId>>();
  const direct = (
    { linkNames }: ImportCall,
    ...[chosen, way]: Parameters<Importer["direct"]>
  ): void => {
    const own = directed.get(linkNames) ?? new Map<string, () => EntityId>();
    directed.set(linkNames, own);
    // Names for interfaces that the component does not import change nothing, and are not kept.
    for (const each of chosen.filter((name) => linkable.has(name))) {
      linkNames.delete(each);
      own.delete(each);
      if ("target" in way) own.set(each, way.target);
      else if (way.link !== DEFAULT_LINK) linkNames.set(each, way.link);
    }
  };
  const directedTo = (
    { linkNames }: ImportCall,
    links: readonly string[],
  ): EntityId | undefined => {
    const own = directed.get(linkNames);
    const [chosen] = own === undefined ? [] : links.flatMap((each) => own.get(each) ?? []);
    return chosen?.();
  };

  /** Imports whose failure is in the log. */
  const told = new WeakSet<ImportCall>();
  const tell = (
    request: ImportCall,
    cause: unknown,
    {
      instance,
      func,
      ...way
    }: { instance: string; func: string; link?: string; target?: EntityId | undefined },
  ): void => {
    told.add(request);
    const mapped = instance !== request.instance || func !== request.func;
    log.warn("import.failed", {
      workload: id,
      instance,
      func,
      ...way,
      ...(mapped ? { imported: `${request.instance}#${request.func}` } : {}),
      code: asLatticeError(cause).code,
      problem: messageOf(cause),
    });
  };

  const call = async (
    request: ImportCall,
    route: Route,
    instance: string,
    func: string,
    args: readonly WitValue[],
    expected?: ErrorCode,
  ): Promise<Results> => {
    const link = linkNameOf(request, route.links);
    let target: EntityId | undefined;
    try {
      target = directedTo(request, route.links);
      if (target === undefined) {
        const table = parts.links();
        const linked = linkedOf(table, link, route.links);
        if (linked === undefined) throw missing(parts, link, route.links[0] ?? instance);
        ({ target } = linked);
        demandContract(parts, table.contract(link, linked.by));
      }
      return await carry(request, target, link, route.types, instance, func, args);
    } catch (cause) {
      if (asLatticeError(cause).code !== expected) {
        tell(request, cause, { instance, func, link, target });
      }
      throw cause;
    }
  };
  const carry = (
    { id: callId, parent, linkNames, trace, signal }: ImportCall,
    ...[target, link, types, instance, func, args]: Parameters<Importer["call"]>
  ): Promise<Results> => {
    const callee = reach(target, types, instance, func);
    const made = {
      id: callId,
      ...(parent === undefined ? {} : { parent }),
      source: id,
      target,
      link,
      instance,
      func,
      args,
      trace: childTrace(trace),
      signal,
    };
    const type = types.exports.get(instance)?.get(func);
    return sessions.invoke(linkNames, type, made, (each) => callee.invoke(each));
  };

  const answered = async (request: ImportCall): Promise<Results> => {
    const { instance, func, args } = request;
    const within = isWithin(instance);
    const answer = within ? undefined : answerOf(instance, func);
    if (answer !== undefined) {
      const run = (): readonly WitValue[] => answer(args, request);
      const type = parts.world.imports.get(instance)?.get(func);
      return parts.tap?.watcher?.answering(request, id, type, run) ?? run();
    }
    for (const dialect of within ? [] : parts.dialects) {
      const foreign = dialect.answers?.(instance);
      if (foreign === undefined) continue;
      return foreign(request, {
        id,
        claims: parts.claims,
        call: (...given) => carry(request, ...given),
        config: () => parts.config.peek(),
        direct: (...chosen) => direct(request, ...chosen),
      });
    }
    const mapping = within ? undefined : interfaces.importOf(instance);
    if (mapping === undefined) {
      const route = { links: linksOf(instance), types: imports };
      const results = call(request, route, instance, func, args);
      const type = parts.world.imports.get(instance)?.get(func);
      const told = type !== undefined && tellsFailures(type);
      return told ? withFailures(results, heldOf(request)) : results;
    }
    const mapped: ImportFunction | undefined = mapping.functions.get(func);
    if (mapped === undefined) throw unmet(instance, func);
    const route = { links: mapping.links, types: interfaces.flat };
    return mapped(args, {
      held: heldOf(request),
      linkName: linkNameOf(request, mapping.links),
      signal: request.signal,
      far: (wire, name, given, expected) => call(request, route, wire, name, given, expected),
    });
  };
  return {
    async invoke(request) {
      try {
        return await answered(request);
      } catch (cause) {
        const { instance, func } = request;
        if (!told.has(request)) tell(request, cause, { instance, func });
        throw cause;
      }
    },
    drop({ instance, resource, handle, linkNames }) {
      const links = linksOf(instance);
      const linked = linkedOf(parts.links(), linkNameOf({ linkNames }, links), links);
      // Without its link, or behind another, the handle says nothing: its owner drops the resource in time.
      if (linked !== undefined) parts.dropped(linked.target, instance, resource, handle);
    },
  };
}

function linkNameOf(
  { linkNames }: Pick<ImportCall, "linkNames">,
  links: readonly string[],
): string {
  for (const each of links) {
    const chosen = linkNames.get(each);
    if (chosen !== undefined) return chosen;
  }
  return DEFAULT_LINK;
}

/** The first of `links` that leads somewhere under this name. */
function linkedOf(
  table: LinkTable,
  name: string,
  links: readonly string[],
): { readonly by: string; readonly target: EntityId } | undefined {
  for (const by of links) {
    const target = table.target(name, by);
    if (target !== undefined) return { by, target };
  }
  return undefined;
}

/** Who is signed may use what was signed; a lattice without contracts asks nothing. */
function demandContract({ id, claims }: OutboundParts, contract: string | undefined): void {
  if (contract === undefined || claims === undefined) return;
  if (claims.capabilities?.includes(contract) === true) return;
  throw new LatticeError("denied", `the signed claims of ${id} do not list ${contract}`);
}

function missing({ id, linkless }: OutboundParts, name: string, instance: string): LatticeError {
  const error = linkMissing(id, name, instance);
  const reason = linkless();
  if (reason === undefined) return error;
  return new LatticeError(error.code, `${error.message} (there are no links: ${reason})`);
}

function unmet(instance: string, func: string): LatticeError {
  return new LatticeError("import-unmet", `this host does not offer ${instance}#${func}`);
}
