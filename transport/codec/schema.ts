import { resolve } from "node:path";
import { loadSync, type PackageDefinition } from "@grpc/proto-loader";
import protobuf from "protobufjs";
import {
  type ControlDefinition,
  type FleetDefinition,
  PROTO_FILES,
  PROTO_ROOT,
  type RewarderDefinition,
  type RolloutCollectorDefinition,
  type TrainerDefinition,
} from "../../proto/index.ts";

/** The services that gRPC serves and calls. */
export interface WireServices {
  /** Everything in the `.proto` files, for the reflection service. */
  readonly definitions: PackageDefinition;
  readonly fleet: FleetDefinition;
  readonly control: ControlDefinition;
  readonly collector: RolloutCollectorDefinition;
  readonly trainer: TrainerDefinition;
  readonly rewarder: RewarderDefinition;
}

/** Messages that are encoded outside of a call. */
export type MessageName = "Task" | "Rollout" | "Reference" | "CollectMessage";

/** How messages look in this process; equal to the options that `proto/gen` was generated with. */
export const CONVERSION = { longs: Number, enums: String, defaults: true, oneofs: true } as const;

let services: WireServices | undefined;
let messages: protobuf.Root | undefined;

/** Reads the services from `proto/fleet/v1` at its first call. */
export function wireServices(): WireServices {
  services ??= readServices();
  return services;
}

/**
 * A message type by its name in `fleet.v1`, read from `proto/fleet/v1` at the first call. Its encoder leaves out fields
 * that have their default value, as proto3's canonical encoding does.
 */
export function wireMessage(name: MessageName): protobuf.Type {
  messages ??= readMessages();
  return messages.lookupType(`fleet.v1.${name}`);
}

function readServices(): WireServices {
  const definitions = loadSync([...PROTO_FILES], { includeDirs: [PROTO_ROOT], ...CONVERSION });
  // The loader knows names only at run time; the generated types say what is behind each.
  const named = <Definition>(name: string) => definitions[`fleet.v1.${name}`] as Definition;
  return {
    definitions,
    fleet: named("Fleet"),
    control: named("Control"),
    collector: named("RolloutCollector"),
    trainer: named("Trainer"),
    rewarder: named("Rewarder"),
  };
}

function readMessages(): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => resolve(PROTO_ROOT, target);
  root.loadSync([...PROTO_FILES]).resolveAll();
  return root;
}
