"""A gradient step of a Llama with a LoRA on all projections, in plain eager PyTorch on the CPU.

Started with the model's GGUF, its shape, and files of raw little-endian numbers: the adapter's values, the texts, the
coefficient of each predicted token. Writes the gradient of sum(coefficient * logp) in the adapter's order, and then
makes one step for each line that it is sent, and answers with its seconds.
"""

import time

import gguf
import numpy
import torch
from torch.nn import functional as F

from answers import answer, start, wait

given = start()
torch.set_num_threads(given["threads"])
shape = given["shape"]
HEADS, KV_HEADS = shape["heads"], shape["kvHeads"]
HEAD = shape["embedding"] // HEADS
EPSILON = 1e-5
ROPE_BASE = 10_000.0


def read_weights(path):
    """Every tensor in float32, quantized ones dequantized once."""
    tensors = gguf.GGUFReader(path).tensors
    return {t.name: torch.from_numpy(gguf.quants.dequantize(t.data, t.tensor_type).astype(numpy.float32)) for t in tensors}


def read_adapter(path, parameters):
    flat = torch.from_numpy(numpy.fromfile(path, dtype="<f4"))
    found, at = {}, 0
    for one in parameters:
        count = one["rows"] * one["columns"]
        value = flat[at : at + count].reshape(one["rows"], one["columns"]).clone()
        found[one["name"]] = value.requires_grad_()
        at += count
    return found


weights = read_weights(given["gguf"])
adapter = read_adapter(given["values"], given["parameters"])
tokens = torch.from_numpy(numpy.fromfile(given["tokens"], dtype="<i4")).long().reshape(given["sequences"], -1)
coefficients = torch.from_numpy(numpy.fromfile(given["coefficients"], dtype="<f4")).reshape(given["sequences"], -1)
FROM, LENGTH = given["from"], tokens.shape[1]

angle = torch.outer(torch.arange(LENGTH).double(), ROPE_BASE ** (-torch.arange(0, HEAD, 2).double() / HEAD))
COS, SIN = angle.cos().float(), angle.sin().float()


def rotate(x):
    """A GGUF's rows are in the order of pairs (2i, 2i + 1)."""
    a, b = x[..., ::2], x[..., 1::2]
    return torch.stack((a * COS - b * SIN, a * SIN + b * COS), -1).flatten(-2)


def project(x, name):
    low = F.linear(x, adapter[f"{name}.lora_a"])
    return F.linear(x, weights[name]) + given["scale"] * F.linear(low, adapter[f"{name}.lora_b"])


def attend(x, layer):
    def heads(name, count):
        return project(x, f"blk.{layer}.{name}.weight").unflatten(-1, (count, HEAD)).transpose(1, 2)

    q, k, v = rotate(heads("attn_q", HEADS)), rotate(heads("attn_k", KV_HEADS)), heads("attn_v", KV_HEADS)
    mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
    return project(mixed.transpose(1, 2).flatten(2), f"blk.{layer}.attn_output.weight")


def feed_forward(x, layer):
    gate = F.silu(project(x, f"blk.{layer}.ffn_gate.weight"))
    return project(gate * project(x, f"blk.{layer}.ffn_up.weight"), f"blk.{layer}.ffn_down.weight")


def norm(x, name):
    return F.rms_norm(x, (shape["embedding"],), weights[name], EPSILON)


def step():
    """Adds to the adapter's gradients."""
    x = F.embedding(tokens, weights["token_embd.weight"])
    for layer in range(shape["layers"]):
        x = x + attend(norm(x, f"blk.{layer}.attn_norm.weight"), layer)
        x = x + feed_forward(norm(x, f"blk.{layer}.ffn_norm.weight"), layer)
    x = norm(x[:, FROM - 1 : -1], "output_norm.weight")
    logp = F.linear(x, weights["token_embd.weight"]).log_softmax(-1)
    logp = logp.gather(-1, tokens[:, FROM:, None]).squeeze(-1)
    (coefficients * logp).sum().backward()


step()
gradient = torch.cat([adapter[one["name"]].grad.flatten() for one in given["parameters"]])
gradient.numpy().astype("<f4").tofile(given["gradient"])
answer({"version": torch.__version__})
while True:
    wait()
    for parameter in adapter.values():
        parameter.grad = None
    begin = time.perf_counter()
    step()
    answer({"seconds": time.perf_counter() - begin})
