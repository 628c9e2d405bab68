/** `error-code` of HTTP, the same for components and the lattice, and what failures of the way there become of it. */
import { asLatticeError, messageOf, type ErrorCode } from "../core/error.ts";

interface FieldSize {
  readonly fieldName?: string | undefined;
  readonly fieldSize?: number | undefined;
}

/** `error-code` of `wasi:http/types@0.2` and `wrpc:http/types@0.1.0`, in jco's mapping. */
export type HttpErrorCode =
  | {
      readonly tag:
        | "DNS-timeout"
        | "destination-not-found"
        | "destination-unavailable"
        | "destination-IP-prohibited"
        | "destination-IP-unroutable"
        | "connection-refused"
        | "connection-terminated"
        | "connection-timeout"
        | "connection-read-timeout"
        | "connection-write-timeout"
        | "connection-limit-reached"
        | "TLS-protocol-error"
        | "TLS-certificate-error"
        | "HTTP-request-denied"
        | "HTTP-request-length-required"
        | "HTTP-request-method-invalid"
        | "HTTP-request-URI-invalid"
        | "HTTP-request-URI-too-long"
        | "HTTP-response-incomplete"
        | "HTTP-response-timeout"
        | "HTTP-upgrade-failed"
        | "HTTP-protocol-error"
        | "loop-detected"
        | "configuration-error";
      readonly val?: undefined;
    }
  | {
      readonly tag: "DNS-error";
      readonly val: { readonly rcode?: string | undefined; readonly infoCode?: number | undefined };
    }
  | {
      readonly tag: "TLS-alert-received";
      readonly val: {
        readonly alertId?: number | undefined;
        readonly alertMessage?: string | undefined;
      };
    }
  | {
      readonly tag: "HTTP-request-body-size" | "HTTP-response-body-size";
      readonly val: bigint | undefined;
    }
  | {
      readonly tag:
        | "HTTP-request-header-section-size"
        | "HTTP-request-trailer-section-size"
        | "HTTP-response-header-section-size"
        | "HTTP-response-trailer-section-size";
      readonly val: number | undefined;
    }
  | { readonly tag: "HTTP-request-header-size"; readonly val: FieldSize | undefined }
  | {
      readonly tag:
        | "HTTP-request-trailer-size"
        | "HTTP-response-header-size"
        | "HTTP-response-trailer-size";
      readonly val: FieldSize;
    }
  | {
      readonly tag:
        | "HTTP-response-transfer-coding"
        | "HTTP-response-content-coding"
        | "internal-error";
      readonly val: string | undefined;
    };

/** What a failure of the machinery is for HTTP. Those that are not here are internal errors. */
const CODES: Readonly<Partial<Record<ErrorCode, HttpErrorCode>>> = {
  "link-missing": { tag: "destination-not-found" },
  "not-found": { tag: "destination-not-found" },
  "not-served": { tag: "destination-unavailable" },
  disconnected: { tag: "destination-unavailable" },
  "no-servers": { tag: "destination-unavailable" },
  overloaded: { tag: "connection-limit-reached" },
  deadline: { tag: "HTTP-response-timeout" },
  denied: { tag: "HTTP-request-denied" },
  "bad-message": { tag: "HTTP-protocol-error" },
  incomplete: { tag: "HTTP-response-incomplete" },
  "guest-trapped": { tag: "HTTP-response-incomplete" },
  aborted: { tag: "connection-terminated" },
  closed: { tag: "connection-terminated" },
  "worker-lost": { tag: "connection-terminated" },
};

export function httpErrorOf(thrown: unknown): HttpErrorCode {
  return CODES[asLatticeError(thrown).code] ?? internalError(messageOf(thrown));
}

export function internalError(message: string): HttpErrorCode {
  return { tag: "internal-error", val: message };
}
