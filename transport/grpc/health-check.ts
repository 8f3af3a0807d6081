import type { MethodDefinition } from "@grpc/proto-loader";
import { type ServingStatus, service } from "grpc-health-check";

/** `Check` of grpc.health.v1, whose library does not say what its messages hold; with an empty `service` of the whole server. */
export const HEALTH_CHECK = service["Check"] as unknown as MethodDefinition<
  { readonly service: string },
  object,
  object,
  { readonly status: ServingStatus }
>;
