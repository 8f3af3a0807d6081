/**
 * Pieces of kernels over four float32 at once: the exponential, and sums in a fixed order.
 *
 * @module
 */
import { type Code, f32x4, i32, i32x4, type Local } from "./wasm-code.ts";

/** 2^f on [−½, ½] to 1e-7 of its value: the minimax polynomial whose constant term is exactly 1. */
const POWERS = [
  1, 0.6931469775988842, 0.24022242085171097, 0.05550733743642083, 0.009671512649012186, 0.001326472708178795,
];
/** 1.5 · 2^23: a sum with it has no room for a fraction, and ends in the integer's bits. */
const ROUNDER = 12_582_912;

/** 2^y of y = (logit − greatest) · scale, as 2^n · 2^f with the integer n put into the exponent's bits. */
export function exponentialWith(local: (type: "v128") => Local, greatest: Local, scale: Local) {
  const greatests = local("v128");
  const scales = local("v128");
  const exponent = local("v128");
  const rounded = local("v128");
  const fraction = local("v128");
  // Constants in locals stay out of the loop: V8 puts a v128.const together again wherever it stands.
  const held = [-127, ROUNDER, ...POWERS].map((value) => ({ value, in: local("v128") }));
  const [least, round, ...powers] = held.map((each) => each.in.get) as [Code, Code, ...Code[]];
  const power = powers.reduceRight((higher, factor) => f32x4.add(f32x4.mul(higher, fraction.get), factor));
  return {
    prepare: [
      ...held.flatMap((each) => each.in.set(f32x4.const(each.value))),
      ...greatests.set(f32x4.splat(greatest.get)),
      ...scales.set(f32x4.splat(scale.get)),
    ],
    /** y, at least −127, where the weight is exactly zero. */
    exponent,
    compute: (logits: Code): Code => [
      ...exponent.set(f32x4.pmax(least, f32x4.mul(f32x4.sub(logits, greatests.get), scales.get))),
      ...rounded.set(f32x4.add(exponent.get, round)),
      ...fraction.set(f32x4.sub(exponent.get, f32x4.sub(rounded.get, round))),
    ],
    weight: i32x4.add(power, i32x4.shl(rounded.get, i32.const(23))),
  };
}

/** Combines neighbours, then neighbours of these, to one. */
export function tree(codes: readonly Code[], combine: (a: Code, b: Code) => Code): Code {
  if (codes.length === 1) return codes[0] as Code;
  const half = codes.length / 2;
  return combine(tree(codes.slice(0, half), combine), tree(codes.slice(half), combine));
}

/** What `make` makes of 0 to count − 1. */
export function repeat<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
