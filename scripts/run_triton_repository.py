#!/usr/bin/python3
"""Stands in for a Triton server: reads nothing but the models/ folder of `export-radgen --format triton`, checks every
request and response against the config.pbtxt, joins requests as the queue does, and runs the models with Python's torch.
No replacement for trying a real server; it tells whether the repository is whole and its models fit together.

    /usr/bin/python3 scripts/run_triton_repository.py ARTIFACT/models [WORDS]

Drafts two pictures of waves with radgen_generate, one by one and as one batch, and reads the same words step by step with
radgen_encoder and radgen_decoder_step. Prints the token ids as JSON; exit code 1 when something does not fit.
"""
import json
import pathlib
import re
import sys

import torch

TYPES = {"TYPE_FP32": torch.float32, "TYPE_INT64": torch.int64, "TYPE_BOOL": torch.bool}


def parse(text):
    """A text-format message as a list of (field, value); a value is a string, a number, or such a list."""
    tokens = re.findall(r'"[^"]*"|[{}\[\]:,]|[^\s{}\[\]:,]+', text)

    def message():
        fields = []
        while tokens and tokens[0] != "}":
            name = tokens.pop(0)
            if tokens[0] == ":":
                tokens.pop(0)
            if tokens[0] == "{":
                tokens.pop(0)
                fields.append((name, message()))
                tokens.pop(0)
            elif tokens[0] == "[":
                tokens.pop(0)
                while tokens[0] != "]":
                    word = tokens.pop(0)
                    if word != ",":
                        fields.append((name, word.strip('"')))
                tokens.pop(0)
            else:
                fields.append((name, tokens.pop(0).strip('"')))
        return fields

    return message()


def every(message, field):
    return [value for name, value in message if name == field]


def only(message, field):
    (value,) = every(message, field)
    return value


class Model:
    def __init__(self, folder):
        self.config = parse((folder / "config.pbtxt").read_text())
        assert only(self.config, "name") == folder.name and only(self.config, "platform") == "pytorch_libtorch"
        version = max(int(f.name) for f in folder.iterdir() if f.name.isdigit())
        self.module = torch.jit.load(str(folder / str(version) / "model.pt"))
        self.most = int(only(self.config, "max_batch_size"))
        for output in every(self.config, "output"):
            for name in every(output, "label_filename"):
                labels = (folder / name).read_text().split("\n")[:-1]
                assert len(labels) == int(only(output, "dims")), f"{folder.name}: {len(labels)} labels"
        self.warm_up()

    def warm_up(self):
        for sample in every(self.config, "model_warmup"):
            batch = int(only(sample, "batch_size"))
            values = {only(i, "key"): only(i, "value") for i in every(sample, "inputs")}
            names = [only(i, "name") for i in every(self.config, "input")]
            shapes = [[batch] + [int(d) for d in every(values[n], "dims")] for n in names]
            zeros = [torch.zeros(s, dtype=TYPES[only(values[n], "data_type")]) for n, s in zip(names, shapes)]
            self(*zeros)

    def check(self, tensors, field):
        described = every(self.config, field)
        assert len(tensors) == len(described), f"{len(tensors)} tensors, {len(described)} in {field}"
        for index, (tensor, what) in enumerate(zip(tensors, described)):
            assert only(what, "name") == f"{field.upper()}__{index}"
            dims = [int(d) for d in every(what, "dims")]
            fits = tensor.dtype == TYPES[only(what, "data_type")] and tensor.dim() == len(dims) + 1
            fits = fits and all(d in (-1, s) for d, s in zip(dims, tensor.shape[1:]))
            assert fits and 1 <= tensor.size(0) <= self.most, f"{field} {index}: {tensor.dtype} {list(tensor.shape)} for {dims}"
            assert tensor.numel() > 0, "a server sends no tensor of nothing"

    def __call__(self, *tensors):
        self.check(tensors, "input")
        with torch.no_grad():
            outputs = self.module(*tensors)
        self.check(outputs, "output")
        return outputs


def joined(model, requests):
    """One batch of requests whose tensors have the same shapes, as the dynamic batcher makes it."""
    return model(*[torch.cat(parts) for parts in zip(*requests)])


def pictures(shape):
    down, across = torch.arange(shape[1]) / shape[1], torch.arange(shape[2]) / shape[2]
    for k in (1.0, 2.5):
        yield (torch.sin(40 * k * down)[:, None] * torch.cos(23 * across)[None]).expand([1] + shape).contiguous()


def read_step_by_step(encoder, step, image, words, bos):
    """log P of the given words by the encoder and the decoder's step."""
    keys, values = encoder(image)[:2]
    text = [torch.zeros(1, keys.size(1), keys.size(2), 1, values.size(4)) for _ in range(2)]
    attend, found, word = torch.zeros(1, 1, dtype=torch.bool), [], bos
    for place, following in enumerate(words):
        attend = torch.cat([attend, torch.ones(1, 1, dtype=torch.bool)], 1)
        logits, _, _, *text = step(torch.tensor([[word]]), torch.tensor([[place]]), attend, *text, keys, values)
        found.append(torch.log_softmax(logits[0, -1], -1)[following].item())
        word = following
    return found


def main():
    folder = pathlib.Path(sys.argv[1])
    most = int(sys.argv[2]) if len(sys.argv) > 2 else 24
    fast = [e for e in ("x86", "onednn", "fbgemm") if e in torch.backends.quantized.supported_engines]
    if fast:
        torch.backends.quantized.engine = fast[0]
    models = {f.name: Model(f) for f in sorted(folder.iterdir())}
    generate, encoder, step = (models["radgen_" + n] for n in ("generate", "encoder", "decoder_step"))
    warm = {only(i, "key"): only(i, "value") for i in every(only(generate.config, "model_warmup"), "inputs")}
    parameters = {only(p, "key"): only(only(p, "value"), "string_value") for p in every(generate.config, "parameters")}
    bos = int(parameters["bos_id"])
    requests = [(image, torch.tensor([[bos]]), torch.tensor([[most]]))
                for image in pictures([int(d) for d in every(warm["INPUT__0"], "dims")])]
    together, texts = joined(generate, requests), []
    for row, request in enumerate(requests):
        ids, log_probs = generate(*request)[:2]
        words = ids[0].tolist()
        texts.append(words)
        assert together[0][row, :len(words)].tolist() == words, "a batch gives other words"
        assert (together[1][row, :len(words)] - log_probs[0]).abs().max() < 1e-4, "a batch gives other scores"
        found = read_step_by_step(encoder, step, request[0], words, bos)
        worst = max(abs(a - b) for a, b in zip(found, log_probs[0].tolist()))
        assert worst < 1e-3, f"step by step log P differs by {worst}"
    print(json.dumps({"ids": texts}))


if __name__ == "__main__":
    main()
