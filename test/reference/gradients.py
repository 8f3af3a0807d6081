"""Makes test/fixtures/gradients/: two tiny Llamas as GGUF, and float64 gradients that have nothing in common with ours.

Needs Python 3.11 or newer with numpy==2.4.6 and autograd==1.9.1:
    python3 -m venv /tmp/reference && /tmp/reference/bin/pip install numpy==2.4.6 autograd==1.9.1
    /tmp/reference/bin/python test/reference/gradients.py

The models are written in float32 and read by both sides. Here they run in float64, one sequence after another, and
autograd differentiates: no packing, no vector-Jacobian products by hand. What the files hold: README.md beside them.
"""

import base64
import json
import pathlib
import struct

import autograd.numpy as np
import numpy
from autograd import grad

HERE = pathlib.Path(__file__).parent.parent / "fixtures" / "gradients"
SHAPE = dict(layers=2, embedding=32, heads=4, kv_heads=2, head_size=16, feed_forward=64, vocabulary=48)
EPSILON, ROPE_BASE = 1e-5, 10000.0
PROJECTIONS = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"]
RANK, ALPHA, TEMPERATURE = 4, 6.0, 0.7
random = numpy.random.default_rng(20250218)


# ---- models ----------------------------------------------------------------------------------------------------------


def projection_shape(name):
    attention, keys = SHAPE["heads"] * SHAPE["head_size"], SHAPE["kv_heads"] * SHAPE["head_size"]
    d, f = SHAPE["embedding"], SHAPE["feed_forward"]
    outputs = dict(attn_q=attention, attn_k=keys, attn_v=keys, attn_output=d, ffn_gate=f, ffn_up=f, ffn_down=d)
    inputs = dict(attn_output=attention, ffn_down=f)
    return outputs[name], inputs.get(name, d)


def normal(*shape, deviation, mean=0.0):
    return (mean + deviation * random.standard_normal(shape)).astype(numpy.float32)


def make_model(tied):
    d = SHAPE["embedding"]
    tensors = {"token_embd.weight": normal(SHAPE["vocabulary"], d, deviation=0.5)}
    for layer in range(SHAPE["layers"]):
        tensors[f"blk.{layer}.attn_norm.weight"] = normal(d, deviation=0.1, mean=1.0)
        tensors[f"blk.{layer}.ffn_norm.weight"] = normal(d, deviation=0.1, mean=1.0)
        for name in PROJECTIONS:
            outputs, inputs = projection_shape(name)
            tensors[f"blk.{layer}.{name}.weight"] = normal(outputs, inputs, deviation=0.8 / inputs**0.5)
    tensors["output_norm.weight"] = normal(d, deviation=0.1, mean=1.0)
    if not tied:
        tensors["output.weight"] = normal(SHAPE["vocabulary"], d, deviation=0.3)
        factors = numpy.linspace(1.0, 8.0, SHAPE["head_size"] // 2)
        tensors["rope_freqs.weight"] = factors.astype(numpy.float32)
    return tensors


def text(value):
    return struct.pack("<Q", len(value.encode())) + value.encode()


def pair(key, value):
    if isinstance(value, bool):
        return text(key) + struct.pack("<I?", 7, value)
    if isinstance(value, int):
        return text(key) + struct.pack("<II", 4, value)
    if isinstance(value, float):
        return text(key) + struct.pack("<If", 6, value)
    if isinstance(value, str):
        return text(key) + struct.pack("<I", 8) + text(value)
    kind, items = (8, b"".join(map(text, value))) if isinstance(value[0], str) else (5, struct.pack(f"<{len(value)}i", *value))
    return text(key) + struct.pack("<IIQ", 9, kind, len(value)) + items


def write_gguf(path, tensors):
    words = ["<|end|>", "a", "b", "ab"] + [chr(c) for c in range(ord("c"), ord("z") + 1)]
    words += [chr(c) for c in range(ord("A"), ord("Z") + 1)]
    words = words[: SHAPE["vocabulary"]]
    metadata = {
        "general.architecture": "llama",
        "general.name": path.stem,
        "llama.context_length": 256,
        "llama.embedding_length": SHAPE["embedding"],
        "llama.block_count": SHAPE["layers"],
        "llama.feed_forward_length": SHAPE["feed_forward"],
        "llama.attention.head_count": SHAPE["heads"],
        "llama.attention.head_count_kv": SHAPE["kv_heads"],
        "llama.attention.key_length": SHAPE["head_size"],
        "llama.attention.value_length": SHAPE["head_size"],
        "llama.attention.layer_norm_rms_epsilon": EPSILON,
        "llama.rope.dimension_count": SHAPE["head_size"],
        "llama.rope.freq_base": ROPE_BASE,
        "llama.vocab_size": SHAPE["vocabulary"],
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": words,
        "tokenizer.ggml.token_type": [3] + [1] * (len(words) - 1),
        "tokenizer.ggml.merges": ["a b"],
        "tokenizer.ggml.eos_token_id": 0,
        "tokenizer.ggml.add_bos_token": False,
    }
    table, data = b"", b""
    for name, tensor in tensors.items():
        axes = tensor.shape[::-1]
        table += text(name) + struct.pack(f"<I{len(axes)}QIQ", len(axes), *axes, 0, len(data))
        data += tensor.tobytes()
        data += bytes(-len(data) % 32)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    head += b"".join(pair(key, value) for key, value in metadata.items()) + table
    path.write_bytes(head + bytes(-len(head) % 32) + data)


# ---- forward ---------------------------------------------------------------------------------------------------------


def rotate(x, factors):
    """x [tokens, heads, head size]; pairs (2i, 2i + 1)."""
    tokens, _, size = x.shape
    angle = np.outer(np.arange(tokens), ROPE_BASE ** (-np.arange(0, size, 2) / size) / factors)[:, None, :]
    even, odd = x[..., 0::2], x[..., 1::2]
    turned = np.stack([even * np.cos(angle) - odd * np.sin(angle), even * np.sin(angle) + odd * np.cos(angle)], -1)
    return turned.reshape(x.shape)


def norm(x, weight):
    return x / np.sqrt(np.mean(x * x, -1, keepdims=True) + EPSILON) * weight


def log_softmax(z):
    z = z - np.max(z, -1, keepdims=True)
    return z - np.log(np.sum(np.exp(z), -1, keepdims=True))


def distributions(tensors, adapter, tokens, temperature):
    """log softmax(logits / temperature) after each of the tokens."""

    def project(name, x):
        y = x @ tensors[name].T
        if f"{name}.lora_a" in adapter:
            y = y + ALPHA / RANK * ((x @ adapter[f"{name}.lora_a"].T) @ adapter[f"{name}.lora_b"].T)
        return y

    heads, kv_heads, size = SHAPE["heads"], SHAPE["kv_heads"], SHAPE["head_size"]
    count = len(tokens)
    factors = tensors.get("rope_freqs.weight", numpy.ones(size // 2))
    mask = numpy.where(numpy.tri(count, dtype=bool), 0.0, -numpy.inf)
    x = tensors["token_embd.weight"][numpy.array(tokens)]
    for layer in range(SHAPE["layers"]):
        at = f"blk.{layer}."
        h = norm(x, tensors[at + "attn_norm.weight"])
        q = rotate(project(at + "attn_q.weight", h).reshape(count, heads, size), factors)
        k = rotate(project(at + "attn_k.weight", h).reshape(count, kv_heads, size), factors)
        v = project(at + "attn_v.weight", h).reshape(count, kv_heads, size)
        mixed = []
        for head in range(heads):
            kv = head // (heads // kv_heads)
            scores = q[:, head] @ k[:, kv].T / size**0.5 + mask
            mixed.append(np.exp(log_softmax(scores)) @ v[:, kv])
        x = x + project(at + "attn_output.weight", np.concatenate(mixed, 1))
        h = norm(x, tensors[at + "ffn_norm.weight"])
        gate = project(at + "ffn_gate.weight", h)
        x = x + project(at + "ffn_down.weight", gate / (1 + np.exp(-gate)) * project(at + "ffn_up.weight", h))
    head = tensors.get("output.weight", tensors["token_embd.weight"])
    return log_softmax(norm(x, tensors["output_norm.weight"]) @ head.T / temperature)


def score(tensors, adapter, tokens, first, temperature):
    """Log-probabilities and entropies of tokens[first:]."""
    logs = distributions(tensors, adapter, tokens[:-1], temperature)[first - 1 :]
    logp = logs[numpy.arange(len(tokens) - first), numpy.array(tokens[first:])]
    return logp, -np.sum(np.exp(logs) * logs, -1)


# ---- GRPO ------------------------------------------------------------------------------------------------------------

DEFAULTS = dict(
    ratio="prox",
    ratioLevel="token",
    baseline="mean",
    scale="std",
    normalization="perToken",
    constant=16.0,
    clipLow=0.2,
    clipHigh=0.28,
    beta=0.0,
    kl="k3",
    weightCap=2.0,
    maskOverlong=False,
)
CASES = {
    "defaults": {},
    "leave one out, unscaled, a mean per sequence": dict(
        baseline="leaveOneOut", scale="none", normalization="perSequence"
    ),
    "a constant divisor and a low weight cap": dict(normalization="constant", weightCap=1.1),
    "behaviour ratio per token": dict(ratio="behaviour", normalization="perSequence"),
    "behaviour ratio per sequence": dict(ratio="behaviour", ratioLevel="sequence", clipLow=0.05, clipHigh=0.07),
    "weight per sequence": dict(ratioLevel="sequence", weightCap=1.05, baseline="leaveOneOut"),
    "k1 off the advantage": dict(beta=0.2, kl="k1"),
    "k2 in the loss": dict(beta=0.2, kl="k2"),
    "k3 in the loss": dict(beta=0.2, kl="k3"),
    "k1, behaviour ratio per sequence": dict(
        beta=0.2, kl="k1", ratio="behaviour", ratioLevel="sequence", clipLow=0.05, clipHigh=0.07
    ),
    "k3, weight per sequence, a constant divisor": dict(
        beta=0.2, kl="k3", ratioLevel="sequence", normalization="constant"
    ),
    "overlong masked": dict(maskOverlong=True),
    "overlong masked, leave one out, a mean per sequence": dict(
        maskOverlong=True, baseline="leaveOneOut", scale="none", normalization="perSequence"
    ),
    "overlong masked, k2, a constant divisor": dict(maskOverlong=True, beta=0.2, kl="k2", normalization="constant"),
}


def advantages(rewards, options):
    rewards = numpy.array(rewards)
    count = len(rewards)
    if options["baseline"] == "mean":
        credit = rewards - rewards.mean()
    else:
        credit = numpy.array([r - (rewards.sum() - r) / (count - 1) for r in rewards])
    return credit / (rewards.std() + 1e-6) if options["scale"] == "std" else credit


def sequence_loss(logp, prox, mu, reference, advantage, options):
    """The sum over one completion; prox is detached."""
    level = (lambda v: np.mean(v) + 0 * v) if options["ratioLevel"] == "sequence" else (lambda v: v)
    if options["ratio"] == "prox":
        ratio = np.exp(level(logp - prox))
        weight = numpy.minimum(numpy.exp(level(prox - mu)), options["weightCap"])
        watch(numpy.exp(level(prox - mu)), [options["weightCap"]])
    else:
        ratio, weight = np.exp(level(logp - mu)), 1.0
        watch(numpy.exp(level(prox - mu)), [1 - options["clipLow"], 1 + options["clipHigh"]])
    credit = advantage + 0 * mu
    if options["kl"] == "k1":
        credit = credit - options["beta"] * (prox - reference)
    clipped = np.clip(ratio, 1 - options["clipLow"], 1 + options["clipHigh"])
    loss = -weight * np.minimum(ratio * credit, clipped * credit)
    log_ratio = reference - logp
    if options["kl"] == "k2":
        loss = loss + options["beta"] * weight * log_ratio**2 / 2
    if options["kl"] == "k3":
        loss = loss + options["beta"] * weight * (np.exp(log_ratio) - 1 - log_ratio)
    return np.sum(loss)


def watch(values, boundaries):
    """A value on a boundary would let rounding decide the gradient."""
    for boundary in boundaries:
        assert numpy.abs(numpy.asarray(values) - boundary).min() > 1e-4, "choose another random seed"


def batch_loss(flat, tensors, groups, known, options):
    """known: prox and reference log-probabilities of each sample, in order."""
    adapter = unflatten(flat)
    samples = [(g, s) for g in groups for s in g["samples"]]
    counted = [not (options["maskOverlong"] and s["finish"] == "length") for _, s in samples]
    tokens = [len(s["completion"]) for _, s in samples]
    total = sum(n for n, c in zip(tokens, counted) if c)
    credits = numpy.concatenate([advantages([s["reward"] for s in g["samples"]], options) for g in groups])
    loss = 0.0
    for index, (group, sample) in enumerate(samples):
        if not counted[index]:
            continue
        ids = group["prompt"] + sample["completion"]
        logp, _ = score(tensors, adapter, ids, len(group["prompt"]), TEMPERATURE)
        mu = numpy.array(sample["mu"])
        part = sequence_loss(logp, known[index]["prox"], mu, known[index]["reference"], credits[index], options)
        divisor = dict(
            perToken=total,
            perSequence=tokens[index] * sum(counted),
            constant=options["constant"] * sum(counted),
        )
        loss = loss + part / divisor[options["normalization"]]
    return loss


# ---- parameters ------------------------------------------------------------------------------------------------------


def lora_parameters():
    for layer in range(SHAPE["layers"]):
        for name in PROJECTIONS:
            outputs, inputs = projection_shape(name)
            yield f"blk.{layer}.{name}.weight.lora_a", (RANK, inputs)
            yield f"blk.{layer}.{name}.weight.lora_b", (outputs, RANK)


def unflatten(flat):
    adapter, offset = {}, 0
    for name, shape in lora_parameters():
        count = shape[0] * shape[1]
        adapter[name] = flat[offset : offset + count].reshape(shape)
        offset += count
    return adapter


def random_adapter(deviation):
    parts = []
    for name, shape in lora_parameters():
        scale = shape[1] ** -0.5 if name.endswith("lora_a") else deviation
        parts.append(normal(*shape, deviation=scale).ravel())
    return numpy.concatenate(parts)


def packed(values):
    return base64.b64encode(numpy.asarray(values, dtype="<f4").tobytes()).decode()


# ---- fixtures --------------------------------------------------------------------------------------------------------


def random_tokens(count):
    return [int(t) for t in random.integers(1, SHAPE["vocabulary"], count)]


def float64(tensors):
    return {name: tensor.astype(numpy.float64) for name, tensor in tensors.items()}


def make_grpo(tensors):
    trained, reference = random_adapter(0.1), random_adapter(0.1)
    reference = (0.7 * trained + 0.5 * reference).astype(numpy.float32)
    groups = []
    for lengths in [(9, 14, 5, 11), (7, 12, 10)]:
        prompt = random_tokens(8)
        samples = []
        for index, length in enumerate(lengths):
            finish = "length" if index == 1 else "end"
            completion = random_tokens(length - 1) + (random_tokens(1) if finish == "length" else [0])
            reward = round(float(random.uniform(-1, 1)), 3)
            samples.append(dict(completion=completion, finish=finish, reward=reward))
        groups.append(dict(prompt=prompt, samples=samples))

    adapters = dict(trained=trained, reference=reference, off=0 * trained)
    scores = {name: dict(logp=[], entropy=[]) for name in adapters}
    known = []
    for group in groups:
        for sample in group["samples"]:
            ids, first = group["prompt"] + sample["completion"], len(group["prompt"])
            found = {}
            for name, flat in adapters.items():
                found[name], entropy = score(tensors, unflatten(flat.astype(float)), ids, first, TEMPERATURE)
                scores[name]["logp"].extend(found[name])
                scores[name]["entropy"].extend(entropy)
            noise = random.normal(0.05, 0.3, len(found["trained"]))
            sample["mu"] = [float(v) for v in (found["trained"] + noise).astype(numpy.float32)]
            known.append(dict(prox=found["trained"], reference=found["reference"]))

    flat = trained.astype(numpy.float64)
    coefficients = normal(sum(len(s["completion"]) for g in groups for s in g["samples"]), deviation=0.1).astype(float)

    def weighted(flat):
        logps = [
            score(tensors, unflatten(flat), g["prompt"] + s["completion"], len(g["prompt"]), TEMPERATURE)[0]
            for g in groups
            for s in g["samples"]
        ]
        return np.sum(coefficients * np.concatenate(logps))

    cases = []
    for name, changed in CASES.items():
        options = {**DEFAULTS, **changed}
        loss = lambda flat: batch_loss(flat, tensors, groups, known, options)
        cases.append(dict(name=name, options=options, loss=float(loss(flat)), gradient=packed(grad(loss)(flat))))
    return dict(
        model="untied.gguf",
        temperature=TEMPERATURE,
        lora=dict(rank=RANK, alpha=ALPHA, targets=PROJECTIONS),
        parameters=[dict(name=n, rows=s[0], columns=s[1]) for n, s in lora_parameters()],
        trained=packed(trained),
        reference=packed(reference),
        groups=groups,
        weighted=dict(coefficients=packed(coefficients), gradient=packed(grad(weighted)(flat))),
        scores={n: {k: packed(v) for k, v in s.items()} for n, s in scores.items()},
        cases=cases,
    )


def make_weights(file, tensors, temperature):
    sequences = [dict(tokens=random_tokens(length), **{"from": start}) for length, start in [(21, 1), (13, 6), (30, 11)]]
    coefficients = [normal(len(s["tokens"]) - s["from"], deviation=0.1).astype(float) for s in sequences]

    def total(weights):
        return sum(
            np.sum(c * score(weights, {}, s["tokens"], s["from"], temperature)[0])
            for s, c in zip(sequences, coefficients)
        )

    gradients = grad(total)(tensors)
    scored = [score(tensors, {}, s["tokens"], s["from"], temperature) for s in sequences]
    return dict(
        model=file,
        temperature=temperature,
        sequences=sequences,
        coefficients=packed(numpy.concatenate(coefficients)),
        logp=packed(numpy.concatenate([logp for logp, _ in scored])),
        entropy=packed(numpy.concatenate([entropy for _, entropy in scored])),
        gradients={n: packed(g) for n, g in gradients.items() if n != "rope_freqs.weight"},
    )


def main():
    models = {name: make_model(tied=name == "tied") for name in ("tied", "untied")}
    for name, tensors in models.items():
        write_gguf(HERE / f"{name}.gguf", tensors)
    write = lambda name, value: (HERE / name).write_text(json.dumps(value, indent=1) + "\n")
    write("grpo.json", make_grpo(float64(models["untied"])))
    write("weights.json", [make_weights(f"{n}.gguf", float64(t), 1.3 if n == "tied" else 1.0) for n, t in models.items()])


main()
