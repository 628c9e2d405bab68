/** Subjects between an operator and its hosts (wasmCloud `crates/wash-runtime/src/washlet/mod.rs` @ v2.7.0). */

/** `runtime.operator.heartbeat.{host}`. */
export const heartbeatSubject = (host: string): string => `runtime.operator.heartbeat.${host}`;

/** `runtime.host.{host}.{command}`: `heartbeat`, `workload.start`, `workload.status`, `workload.stop`. */
export const commandSubject = (host: string, command: string): string =>
  `runtime.host.${host}.${command}`;

/** All commands for one host. */
export const commandSubscription = (host: string): string => commandSubject(host, ">");
