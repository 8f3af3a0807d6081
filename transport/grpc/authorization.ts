import { createHash, timingSafeEqual } from "node:crypto";
import {
  Metadata,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder,
  status,
} from "@grpc/grpc-js";
import { FleetError } from "../../core/index.ts";
import { statusOf } from "./errors.ts";

const KEY = "authorization";
/** Probes send no token. */
const OPEN_SERVICE = "/grpc.health.v1.Health/";

/** The call did not carry the run's token. */
class WrongTokenError extends FleetError {
  readonly code = "transport.wrong_token";
  readonly disposition = "reject";
}

/** Metadata of a call that carries the run's token; none where it is empty. */
export function authorized(token: string): Metadata {
  const metadata = new Metadata();
  if (token !== "") metadata.set(KEY, `Bearer ${token}`);
  return metadata;
}

/** Refuses calls without the run's token before their message is read; health is open to anyone. */
export function requireToken(token: string): ServerInterceptor {
  const expected = digest(`Bearer ${token}`);
  return (method, call) =>
    new ServerInterceptingCall(call, {
      start(next) {
        const listener = new ServerListenerBuilder()
          .withOnReceiveMetadata((metadata, proceed) => {
            const given = metadata.get(KEY)[0] ?? "";
            if (method.path.startsWith(OPEN_SERVICE) || timingSafeEqual(digest(String(given)), expected)) {
              proceed(metadata);
              return;
            }
            const refusal = statusOf(new WrongTokenError("this call does not carry the run's token"));
            call.sendStatus({ ...refusal, code: status.UNAUTHENTICATED });
          })
          .build();
        next(listener);
      },
    });
}

/** Equal lengths, so that the comparison takes the same time for any token. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
