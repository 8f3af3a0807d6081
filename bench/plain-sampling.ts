/**
 * What one sampling pass computes, in plain JavaScript over float64: softmax, entropy, top-k by threshold, a draw. The
 * peer of row `sampling-pass`.
 */
export function createPlainPass(vocabulary: number, topK: number) {
  const weights = new Float64Array(vocabulary);
  return (logits: Float32Array, temperature: number, uniform: number) => {
    const threshold = nthGreatest(logits, topK);
    const greatest = greatestOf(logits);
    let sum = 0;
    let mean = 0;
    for (let token = 0; token < logits.length; token++) {
      const exponent = ((logits[token] as number) - greatest) / temperature;
      const weight = Math.exp(exponent);
      weights[token] = weight;
      sum += weight;
      mean += weight * exponent;
    }
    const kept = keptSum(logits, weights, threshold);
    const token = draw(logits, weights, threshold, uniform * kept);
    const exponent = ((logits[token] as number) - greatest) / temperature;
    const logSum = Math.log(sum);
    return { token, logp: exponent - logSum, logq: exponent - Math.log(kept), entropy: logSum - mean / sum };
  };
}

function greatestOf(logits: Float32Array): number {
  let greatest = logits[0] as number;
  for (let token = 1; token < logits.length; token++)
    if ((logits[token] as number) > greatest) greatest = logits[token] as number;
  return greatest;
}

function keptSum(logits: Float32Array, weights: Float64Array, threshold: number): number {
  let kept = 0;
  for (let token = 0; token < logits.length; token++)
    if ((logits[token] as number) >= threshold) kept += weights[token] as number;
  return kept;
}

function draw(logits: Float32Array, weights: Float64Array, threshold: number, target: number): number {
  let left = target;
  for (let token = 0; token < logits.length; token++) {
    if ((logits[token] as number) < threshold) continue;
    left -= weights[token] as number;
    if (left < 0) return token;
  }
  return logits.length - 1;
}

/** The n-th greatest logit. */
function nthGreatest(logits: Float32Array, n: number): number {
  const greatest = new Float32Array(n).fill(-Infinity); // Descending.
  for (let token = 0; token < logits.length; token++) {
    const logit = logits[token] as number;
    if (logit <= (greatest[n - 1] as number)) continue;
    let place = n - 1;
    for (; place > 0 && (greatest[place - 1] as number) < logit; place--)
      greatest[place] = greatest[place - 1] as number;
    greatest[place] = logit;
  }
  return greatest[n - 1] as number;
}
