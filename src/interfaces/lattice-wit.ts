/**
 * The interfaces of wasmCloud 1.x by which hosts and providers of a lattice speak, as WIT text. They are flat: what
 * components hold as a resource goes over the wire as a name.
 *
 * Sources: wasmCloud `crates/runtime/wit/wrpc` at v1.9.2 for key-value, messaging and blobstore 0.1.0; wrpc/blobstore
 * `wit/` (crate 0.19.0) for blobstore 0.2.0; wrpc/http `wit/` (crate 0.33.0) for HTTP.
 */

const KEYVALUE = `
package wrpc:keyvalue@0.2.0-draft {
  interface store {
    variant error { no-such-store, access-denied, other(string) }
    record key-response { keys: list<string>, cursor: option<u64> }
    get: func(bucket: string, key: string) -> result<option<list<u8>>, error>;
    set: func(bucket: string, key: string, value: list<u8>) -> result<_, error>;
    delete: func(bucket: string, key: string) -> result<_, error>;
    exists: func(bucket: string, key: string) -> result<bool, error>;
    list-keys: func(bucket: string, cursor: option<u64>) -> result<key-response, error>;
  }
  interface atomics {
    use store.{error};
    increment: func(bucket: string, key: string, delta: u64) -> result<u64, error>;
  }
  interface batch {
    use store.{error};
    get-many: func(bucket: string, keys: list<string>)
      -> result<list<option<tuple<string, list<u8>>>>, error>;
    set-many: func(bucket: string, key-values: list<tuple<string, list<u8>>>) -> result<_, error>;
    delete-many: func(bucket: string, keys: list<string>) -> result<_, error>;
  }
  interface watcher {
    on-set: func(bucket: string, key: string, value: list<u8>);
    on-delete: func(bucket: string, key: string);
  }
}`;

/** Of this project (`providers/keyvalue`): atomic sums that may fall, in one signed word, as `KeyValue.Increment` of 0.82. */
const COUNTERS = `
package inlay:keyvalue@0.1.0 {
  interface atomics {
    variant error { no-such-store, access-denied, other(string) }
    add: func(bucket: string, key: string, delta: s32) -> result<s32, error>;
  }
}`;

const MESSAGING = `
package wasmcloud:messaging@0.2.0 {
  interface types {
    record broker-message { subject: string, body: list<u8>, reply-to: option<string> }
  }
  interface handler {
    use types.{broker-message};
    handle-message: func(msg: broker-message) -> result<_, string>;
  }
  interface consumer {
    use types.{broker-message};
    request: func(subject: string, body: list<u8>, timeout-ms: u32)
      -> result<broker-message, string>;
    publish: func(msg: broker-message) -> result<_, string>;
  }
}`;

/** The two versions differ in how the end of a stream is told: 0.1.0 does not tell whether it was the whole. */
const blobstore = (version: "0.1.0" | "0.2.0", stream: (of: string) => string, written: string) => `
package wrpc:blobstore@${version} {
  interface types {
    record container-metadata { created-at: u64 }
    record object-metadata { created-at: u64, size: u64 }
    record object-id { container: string, object: string }
  }
  interface blobstore {
    use types.{container-metadata, object-metadata, object-id};
    clear-container: func(name: string) -> result<_, string>;
    container-exists: func(name: string) -> result<bool, string>;
    create-container: func(name: string) -> result<_, string>;
    delete-container: func(name: string) -> result<_, string>;
    get-container-info: func(name: string) -> result<container-metadata, string>;
    list-container-objects: func(name: string, limit: option<u64>, offset: option<u64>)
      -> result<${stream("string")}, string>;
    copy-object: func(src: object-id, dest: object-id) -> result<_, string>;
    delete-object: func(id: object-id) -> result<_, string>;
    delete-objects: func(container: string, objects: list<string>) -> result<_, string>;
    get-container-data: func(id: object-id, start: u64, end: u64)
      -> result<${stream("u8")}, string>;
    get-object-info: func(id: object-id) -> result<object-metadata, string>;
    has-object: func(id: object-id) -> result<bool, string>;
    move-object: func(src: object-id, dest: object-id) -> result<_, string>;
    write-container-data: func(id: object-id, data: stream<u8>) -> result<${written}, string>;
  }
}`;

const DONE = "future<result<_, string>>";
const BLOBSTORE = [
  blobstore("0.1.0", (of) => `stream<${of}>`, "_"),
  blobstore("0.2.0", (of) => `tuple<stream<${of}>, ${DONE}>`, DONE),
].join("\n");

const HTTP = `
package wrpc:http@0.1.0 {
  interface types {
    variant method { get, head, post, put, delete, connect, options, trace, patch, other(string) }
    variant scheme { HTTP, HTTPS, other(string) }
    record DNS-error-payload { rcode: option<string>, info-code: option<u16> }
    record TLS-alert-received-payload { alert-id: option<u8>, alert-message: option<string> }
    record field-size-payload { field-name: option<string>, field-size: option<u32> }
    variant error-code {
      DNS-timeout,
      DNS-error(DNS-error-payload),
      destination-not-found,
      destination-unavailable,
      destination-IP-prohibited,
      destination-IP-unroutable,
      connection-refused,
      connection-terminated,
      connection-timeout,
      connection-read-timeout,
      connection-write-timeout,
      connection-limit-reached,
      TLS-protocol-error,
      TLS-certificate-error,
      TLS-alert-received(TLS-alert-received-payload),
      HTTP-request-denied,
      HTTP-request-length-required,
      HTTP-request-body-size(option<u64>),
      HTTP-request-method-invalid,
      HTTP-request-URI-invalid,
      HTTP-request-URI-too-long,
      HTTP-request-header-section-size(option<u32>),
      HTTP-request-header-size(option<field-size-payload>),
      HTTP-request-trailer-section-size(option<u32>),
      HTTP-request-trailer-size(field-size-payload),
      HTTP-response-incomplete,
      HTTP-response-header-section-size(option<u32>),
      HTTP-response-header-size(field-size-payload),
      HTTP-response-body-size(option<u64>),
      HTTP-response-trailer-section-size(option<u32>),
      HTTP-response-trailer-size(field-size-payload),
      HTTP-response-transfer-coding(option<string>),
      HTTP-response-content-coding(option<string>),
      HTTP-response-timeout,
      HTTP-upgrade-failed,
      HTTP-protocol-error,
      loop-detected,
      configuration-error,
      internal-error(option<string>),
    }
    type fields = list<tuple<string, list<list<u8>>>>;
    record request {
      body: stream<u8>,
      trailers: future<option<fields>>,
      method: method,
      path-with-query: option<string>,
      scheme: option<scheme>,
      authority: option<string>,
      headers: fields,
    }
    record response {
      body: stream<u8>,
      trailers: future<option<fields>>,
      status: u16,
      headers: fields,
    }
    record request-options {
      connect-timeout: option<u64>,
      first-byte-timeout: option<u64>,
      between-bytes-timeout: option<u64>,
    }
  }
  interface incoming-handler {
    use types.{request, response, error-code};
    handle: func(request: request) -> result<response, error-code>;
  }
  interface outgoing-handler {
    use types.{request, request-options, response, error-code};
    handle: func(request: request, options: option<request-options>)
      -> result<response, error-code>;
  }
}`;

export const LATTICE_WIT: string = [KEYVALUE, COUNTERS, MESSAGING, BLOBSTORE, HTTP].join("\n");
