/**
 * What stands between a waPC module and the worker that runs it, in the form that generated glue of components has: so both
 * kinds have the same pool, the same limits and the same end (wasmCloud v0.82.0 `crates/runtime/src/actor/module/`).
 *
 * Evaluated in the component's worker from its text, so it imports nothing. `WAITS` stands in front of it: whether host
 * calls suspend the guest (JSPI).
 */
/* global WAITS */

const GUEST = "wasmbus:actor/guest";
const HOST = "wasmbus:actor/host";
const SUCCESS = 1;
const FAILURE = -1;

/** Thrown by `proc_exit`. */
// oxlint-disable-next-line typescript/no-extraneous-class -- told apart by its class when it is caught
class Exit {
  constructor(code) {
    this.code = code;
  }
}

/** An error of the actor's, which is its caller's to handle. */
function failure(text) {
  return Object.assign(new Error(text), { payload: text });
}

export function instantiate(coreOf, imports, instantiateCore) {
  const module = coreOf("actor");
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const call = { operation: new Uint8Array(0), payload: new Uint8Array(0) };
  let memory;

  /** `length` bytes at `at`; traps for what is not all in the memory. */
  const view = (at, length) => new Uint8Array(memory.buffer, at >>> 0, length >>> 0);
  const read = (at, length) => view(at, length).slice();
  const text = (at, length) => decoder.decode(read(at, length));
  const write = (at, bytes) => view(at, bytes.length).set(bytes);
  const print = (bytes) => imports["wasi:cli/stderr"].getStderr().blockingWriteAndFlush(bytes);

  const taken = (name) => {
    const bytes = call[name];
    if (bytes === undefined) throw new Error(`the module asks for a ${name} that is not there`);
    call[name] = undefined;
    return bytes;
  };

  const settle = (ask) => {
    const done = (result) => {
      call.hostResponse = result;
      return SUCCESS;
    };
    const failed = (thrown) => {
      if (!Object.hasOwn(thrown, "payload")) throw thrown;
      call.hostError = encoder.encode(String(thrown.payload));
      return FAILURE;
    };
    call.hostResponse = undefined;
    call.hostError = undefined;
    // oxlint-disable-next-line promise/no-callback-in-promise -- these are no callbacks of a caller
    if (WAITS) return (async () => ask())().then(done, failed);
    try {
      return done(ask());
    } catch (thrown) {
      return failed(thrown);
    }
  };
  const hostCall = (bindingAt, bindingLen, nsAt, nsLen, opAt, opLen, payloadAt, payloadLen) => {
    const [binding, namespace] = [text(bindingAt, bindingLen), text(nsAt, nsLen)];
    const [operation, payload] = [text(opAt, opLen), read(payloadAt, payloadLen)];
    return settle(() => imports[HOST].call(binding, namespace, operation, payload));
  };

  const wasmbus = {
    __guest_request(operationAt, payloadAt) {
      if (call.requested) throw new Error("the module asks for its request twice");
      call.requested = true;
      write(operationAt, call.operation);
      write(payloadAt, call.payload);
    },
    __guest_response: (at, length) => void (call.response = read(at, length)),
    __guest_error: (at, length) => void (call.error = text(at, length)),
    __host_call: WAITS ? new WebAssembly.Suspending(hostCall) : hostCall,
    __host_response_len: () => call.hostResponse?.length ?? 0,
    __host_response: (at) => write(at, taken("hostResponse")),
    __host_error_len: () => call.hostError?.length ?? 0,
    __host_error: (at) => write(at, taken("hostError")),
    __console_log: (at, length) => print(encoder.encode(`${text(at, length)}\n`)),
  };

  const OK = 0;
  const BAD_FILE = 8;
  const INVALID = 28;
  const NOT_OFFERED = 52;
  const output = [];
  let read0 = 0;
  const u32 = (at, value) => new DataView(memory.buffer).setUint32(at >>> 0, value, true);
  const u64 = (at, value) => new DataView(memory.buffer).setBigUint64(at >>> 0, value, true);
  const lists = (texts) => {
    const all = texts.map((each) => encoder.encode(`${each}\0`));
    return {
      sizes(countAt, bytesAt) {
        u32(countAt, all.length);
        u32(
          bytesAt,
          all.reduce((sum, { length }) => sum + length, 0),
        );
        return OK;
      },
      get(pointersAt, bytesAt) {
        let at = bytesAt >>> 0;
        for (const [index, bytes] of all.entries()) {
          u32((pointersAt >>> 0) + 4 * index, at);
          write(at, bytes);
          at += bytes.length;
        }
        return OK;
      },
    };
  };
  const environment = lists([]);
  const argv = () =>
    lists(["main.wasm", ...(call.command ? [decoder.decode(call.operation)] : [])]);
  /** The pieces of memory that a vector names. */
  const pieces = (at, count) => {
    const data = new DataView(memory.buffer);
    const offset = at >>> 0;
    return Array.from({ length: count >>> 0 }, (_, index) => {
      const entry = offset + 8 * index;
      return view(data.getUint32(entry, true), data.getUint32(entry + 4, true));
    });
  };
  /** WASI of 2019, as far as guests of that time need it: no files, no environment, the request on stdin. */
  const preview1 = {
    args_sizes_get: (countAt, bytesAt) => argv().sizes(countAt, bytesAt),
    args_get: (pointersAt, bytesAt) => argv().get(pointersAt, bytesAt),
    environ_sizes_get: (countAt, bytesAt) => environment.sizes(countAt, bytesAt),
    environ_get: (pointersAt, bytesAt) => environment.get(pointersAt, bytesAt),
    clock_res_get(_, at) {
      u64(at, 1000n);
      return OK;
    },
    clock_time_get(id, _, at) {
      if (id > 1) return INVALID;
      const ms = id === 0 ? performance.timeOrigin + performance.now() : performance.now();
      u64(at, BigInt(Math.round(ms * 1000)) * 1000n);
      return OK;
    },
    random_get(at, length) {
      const bytes = view(at, length);
      for (let done = 0; done < bytes.length; done += 65536) {
        crypto.getRandomValues(bytes.subarray(done, done + 65536));
      }
      return OK;
    },
    fd_write(file, at, count, writtenAt) {
      if (file !== 1 && file !== 2) return BAD_FILE;
      let length = 0;
      for (const piece of pieces(at, count)) {
        length += piece.length;
        if (file === 1 && call.command) output.push(piece.slice());
        else print(piece.slice());
      }
      u32(writtenAt, length);
      return OK;
    },
    fd_read(file, at, count, readAt) {
      if (file !== 0) return BAD_FILE;
      let length = 0;
      for (const piece of call.command ? pieces(at, count) : []) {
        const some = call.payload.subarray(read0, read0 + piece.length);
        piece.set(some);
        read0 += some.length;
        length += some.length;
      }
      u32(readAt, length);
      return OK;
    },
    fd_fdstat_get(file, at) {
      if (file > 2) return BAD_FILE;
      view(at, 24).fill(0);
      view(at, 1)[0] = 2; // a character device
      return OK;
    },
    fd_close: (file) => (file > 2 ? BAD_FILE : OK),
    fd_prestat_get: () => BAD_FILE,
    fd_prestat_dir_name: () => BAD_FILE,
    fd_seek: () => BAD_FILE,
    sched_yield: () => OK,
    proc_exit(code) {
      throw new Exit(code);
    },
  };

  const given = { wasmbus: {}, wasi_snapshot_preview1: {} };
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind !== "function" || !Object.hasOwn(given, from)) continue; // the engine says what is missing
    const offered = from === "wasmbus" ? wasmbus : preview1;
    if (Object.hasOwn(offered, name)) given[from][name] = offered[name];
    else if (offered === preview1) given[from][name] = () => NOT_OFFERED;
  }
  const { exports } = instantiateCore(module, given);
  memory = exports.memory;
  if (!(memory instanceof WebAssembly.Memory)) throw new Error("the module exports no memory");
  const { _start: start, __guest_call: guestCall } = exports;
  if (guestCall === undefined && start === undefined) {
    throw new Error("the module exports neither __guest_call nor _start");
  }
  const run = (func, ...args) => (WAITS ? WebAssembly.promising(func)(...args) : func(...args));

  const exited = (thrown) => {
    if (!(thrown instanceof Exit)) throw thrown;
    if (thrown.code !== 0) throw failure(`the module exited with ${thrown.code}`);
  };
  /** In the order in which 0.82 looks. */
  const outcome = (code) => {
    if (call.error !== undefined) throw failure(call.error);
    if (call.hostError !== undefined) throw failure(decoder.decode(call.hostError));
    if (code !== SUCCESS) throw failure(`operation failed with exit code \`${code >>> 0}\``);
    return call.response ?? new Uint8Array(0);
  };
  const printed = () => {
    const all = new Uint8Array(output.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const piece of output) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  };
  /** An instance may serve one call after another, when its worker has set it back. */
  const begin = (operation, payload) => {
    output.length = 0;
    read0 = 0;
    Object.assign(call, {
      operation: encoder.encode(operation),
      payload,
      command: guestCall === undefined,
      requested: false,
      response: undefined,
      error: undefined,
      hostResponse: undefined,
      hostError: undefined,
    });
  };
  const lengths = () => [call.operation.length, call.payload.length];

  return {
    [GUEST]: {
      call: WAITS
        ? async (operation, payload) => {
            begin(operation, payload);
            if (start !== undefined) await run(start).catch(exited);
            if (guestCall === undefined) return printed();
            return outcome(await run(guestCall, ...lengths()));
          }
        : (operation, payload) => {
            begin(operation, payload);
            try {
              if (start !== undefined) run(start);
            } catch (thrown) {
              exited(thrown);
            }
            return guestCall === undefined ? printed() : outcome(run(guestCall, ...lengths()));
          },
    },
  };
}
