"""TRL's GRPOTrainer with a LoRA by PEFT, on the CPU: a whole step, generation and gradient.

Started with the model's shape, the batch's and the number of steps. Makes a step for each line that it is sent, one at
first, and answers with its seconds.
"""

import difflib
import random
import tempfile
import time

from answers import answer, start, wait

import torch
import transformers
import trl
from datasets import Dataset
from peft import LoraConfig
from tokenizers import Tokenizer, models, pre_tokenizers

given = start()
shape, batch = given["shape"], given["batch"]
torch.set_num_threads(given["threads"])
torch.manual_seed(1)
draw = random.Random(1)
MOST_CHARACTERS = 400


def make_tokenizer():
    words = {"<pad>": 0, "<eos>": 1} | {f"w{i}": i for i in range(2, shape["vocabulary"])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<pad>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", padding_side="left"
    )


def make_model():
    config = transformers.LlamaConfig(
        vocab_size=shape["vocabulary"],
        hidden_size=shape["embedding"],
        intermediate_size=shape["feedForward"],
        num_hidden_layers=shape["layers"],
        num_attention_heads=shape["heads"],
        num_key_value_heads=shape["kvHeads"],
        max_position_embeddings=shape["contextTokens"],
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=None,
    )
    return transformers.LlamaForCausalLM(config)


def make_prompt():
    return " ".join(f"w{draw.randrange(2, shape['vocabulary'])}" for _ in range(batch["promptTokens"]))


def reward(completions, prompts, **_):
    def alike(completion, prompt):
        return difflib.SequenceMatcher(None, completion[:MOST_CHARACTERS], prompt[:MOST_CHARACTERS]).ratio()

    return [alike(completion, prompt) for completion, prompt in zip(completions, prompts)]


class StepByStep(transformers.TrainerCallback):
    """A step waits until it is asked for; the first, which warms up, does not."""

    is_warm = False

    def on_step_begin(self, *_, **__):
        if self.is_warm:
            wait()
        self.begin = time.perf_counter()

    def on_step_end(self, *_, **__):
        seconds = time.perf_counter() - self.begin
        self.is_warm = True
        answer({"seconds": seconds, "version": trl.__version__, "torch": torch.__version__})


with tempfile.TemporaryDirectory() as folder:
    base = f"{folder}/base"
    make_model().save_pretrained(base)
    tokenizer = make_tokenizer()
    tokenizer.save_pretrained(base)
    config = trl.GRPOConfig(
        output_dir=folder,
        use_cpu=True,
        bf16=False,
        per_device_train_batch_size=batch["prompts"] * batch["group"],
        num_generations=batch["group"],
        max_completion_length=batch["completionTokens"],
        generation_kwargs={"min_new_tokens": batch["completionTokens"]},
        max_steps=given["steps"],
        beta=0.0,
        num_iterations=1,
        learning_rate=1e-4,
        gradient_checkpointing=False,
        report_to=[],
        save_strategy="no",
        disable_tqdm=True,
    )
    data = Dataset.from_list([{"prompt": make_prompt()} for _ in range(batch["prompts"] * (given["steps"] + 1))])
    adapter = LoraConfig(
        r=given["rank"],
        lora_alpha=given["alpha"],
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
    )
    trl.GRPOTrainer(
        model=base,
        processing_class=tokenizer,
        reward_funcs=reward,
        args=config,
        train_dataset=data,
        peft_config=adapter,
        callbacks=[StepByStep()],
    ).train()
