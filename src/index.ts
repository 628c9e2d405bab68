/** The public names of Inlay. */
export { browserKey } from "./browser-key.ts";
export { join, startJoining } from "./join.ts";
export { livingLabels } from "./living-labels.ts";
export { LatticeHostElement } from "./element.ts";
export { ComponentError } from "./core/component-error.ts";
export { LatticeError } from "./core/error.ts";

export type {
  CallOptions,
  ChangeOptions,
  JoinImageOptions,
  JoinOptions,
  Joining,
  LatticeNode,
  TextCallOptions,
  TextResult,
  WorkloadOptions,
} from "./join.ts";
export type { KnownUser, Refusal, Rights, Rule } from "./core/access.ts";
export type { ForgeryAlarm, WatchPhase, WatchState } from "./core/alarm.ts";
export type { BusStatus } from "./core/bus.ts";
export type { Via } from "./core/call.ts";
export type { BrowserKey, Credentials } from "./core/credentials.ts";
export type { ErrorCode } from "./core/error.ts";
export type { CallOutcome, CallRecord } from "./core/event.ts";
export type { FactsStatus } from "./core/facts.ts";
export type { EntityId } from "./core/ids.ts";
export type { LogEntry, LogFields, LogLevel } from "./core/log.ts";
export type { Metric, MetricAttributes, MetricName } from "./core/metrics.ts";
export type { ImageOptions, NodeOptions, OperatorOptions } from "./core/node-options.ts";
export type {
  Bridge,
  ExportedFunction,
  JoinStep,
  JoinStepName,
  NodePhase,
  NodeState,
  ProviderView,
  SetInterfaceView,
  SetMemberView,
  WorkloadSetView,
  WorkloadView,
} from "./core/node-state.ts";
export type { Link } from "./core/link.ts";
export type { RegistryLogins } from "./core/registry.ts";
export type { View } from "./core/view.ts";
export type { Listening, Tally } from "./core/observation.ts";
export type {
  LeftOut,
  ObservedComponent,
  ObservedHost,
  ObservedProvider,
  Pairs,
  Topic,
  Traffic,
  Watched,
  WatchedFacts,
  WatchedImport,
  WatchedLattice,
  WatchedWorld,
} from "./core/watched.ts";
export type {
  CallTimes,
  CallWay,
  ComponentRates,
  RateSecond,
  WatchedCall,
  WatchedCalls,
  WatchedRates,
  WatchedValue,
} from "./core/watched-calls.ts";
export type { LivingLabels } from "./living-labels.ts";
export type { LatticeFacts, LinkKeyOptions, LinkOptions } from "./lattice-facts.ts";
export type { AnyClient, AnyClientObject, ClientOptions } from "./typed/client.ts";
export type {
  Implementations,
  Served,
  ServedCall,
  ServedFunctionOfAnyType,
  ServedObject,
  ServeOptions,
} from "./typed/serve.ts";
export type { Limits, LoadProgress, LoadStage, WorkloadState } from "./core/workload.ts";
