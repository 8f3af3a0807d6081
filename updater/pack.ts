/** A sequence as far as packing looks at it. */
export interface PackedSequence {
  /** Sequences of one group have the same prompt, which is computed once in a micro-batch. */
  readonly group: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/**
 * Packs sequences into micro-batches of at most `tokenBudget` tokens, shared prompts counted once. A group is cut only
 * when it alone is above the budget; a single sequence above it is a micro-batch of its own. Groups go in order of
 * their longest sequence, so that lengths in a micro-batch are similar. The result depends on the arguments alone.
 *
 * @param tokenBudget - in tokens
 * @param lanes - micro-batches computed at once: there are a multiple of this many, where there are enough groups, and
 *   the largest of them is as small as that allows
 * @returns indexes into `sequences`, each exactly once
 */
export function packSequences(
  sequences: readonly PackedSequence[],
  tokenBudget: number,
  lanes = 1,
): number[][] {
  const pieces = groupsOf(sequences).flatMap((group) => cutGroup(group, tokenBudget));
  const fewest = joinPieces(pieces, tokenBudget);
  const batches =
    lanes === 1 ? fewest : balance(pieces, Math.ceil(fewest.length / lanes) * lanes, tokenBudget);
  return batches.map(({ indexes }) => [...indexes]);
}

function joinPieces(pieces: readonly Piece[], most: number): Piece[] {
  const batches: Piece[] = [];
  for (const piece of pieces) {
    const last = batches.at(-1);
    if (last === undefined || last.tokens + piece.tokens > most) batches.push(piece);
    else batches[batches.length - 1] = join(last, piece);
  }
  return batches;
}

/** Neighbours joined into at most `count` micro-batches, the largest as small as can be: a search for that size. */
function balance(pieces: readonly Piece[], count: number, tokenBudget: number): Piece[] {
  let tooSmall = 0;
  let enough = tokenBudget;
  while (enough - tooSmall > 1) {
    const middle = Math.floor((tooSmall + enough) / 2);
    if (joinPieces(pieces, middle).length <= count) enough = middle;
    else tooSmall = middle;
  }
  return joinPieces(pieces, enough);
}

/** Sequences that stay together. */
interface Piece {
  readonly indexes: readonly number[];
  readonly tokens: number;
}

interface Group {
  readonly group: number;
  readonly promptTokens: number;
  /** Of its longest sequence, prompt included. */
  readonly longest: number;
  /** By length. */
  readonly members: readonly (PackedSequence & { readonly index: number })[];
}

function groupsOf(sequences: readonly PackedSequence[]): Group[] {
  const indexed = sequences.map((sequence, index) => ({ ...sequence, index }));
  return [...Map.groupBy(indexed, ({ group }) => group)]
    .map(([group, unordered]) => {
      const members = unordered.toSorted(
        (a, b) => a.completionTokens - b.completionTokens || a.index - b.index,
      );
      const promptTokens = members[0]?.promptTokens ?? 0;
      return {
        group,
        promptTokens,
        longest: promptTokens + (members.at(-1)?.completionTokens ?? 0),
        members,
      };
    })
    .sort((a, b) => a.longest - b.longest || a.group - b.group);
}

function cutGroup({ promptTokens, members }: Group, tokenBudget: number): Piece[] {
  const pieces: Piece[] = [];
  for (const { index, completionTokens } of members) {
    const last = pieces.at(-1);
    const added = { indexes: [index], tokens: completionTokens };
    if (last === undefined || last.tokens + completionTokens > tokenBudget) {
      pieces.push({ ...added, tokens: promptTokens + completionTokens });
    } else pieces[pieces.length - 1] = join(last, added);
  }
  return pieces;
}

function join(a: Piece, b: Piece): Piece {
  return { indexes: [...a.indexes, ...b.indexes], tokens: a.tokens + b.tokens };
}
