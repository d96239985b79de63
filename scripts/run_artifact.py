#!/usr/bin/python3
"""Runs an artifact of export-radgen with Python's torch and nothing of RadGen: drafts greedily for the artifact's golden
picture, or for one of your own as a .npy file ([H,W] float32, letterboxed and normalised as config.json's model_input
says), and checks the golden one. Debian's python3-torch is seen by /usr/bin/python3 alone.

    /usr/bin/python3 scripts/run_artifact.py ARTIFACT [film.npy]
"""
import json, pathlib, sys
import torch

folder = pathlib.Path(sys.argv[1])
manifest = json.loads((folder / "manifest.json").read_text())
fast = [e for e in ("x86", "onednn", "fbgemm") if e in torch.backends.quantized.supported_engines]
if fast: torch.backends.quantized.engine = fast[0]  # before loading: products are packed for it
model, golden = torch.jit.load(str(folder / manifest["runtime"]["file"])), manifest["golden"]
image = model.golden_image()
if len(sys.argv) > 2: image = torch.from_numpy(__import__("numpy").load(sys.argv[2]))[None, None].float()
with torch.no_grad():
    ids, log_probs, attention, _ = model.generate(image, torch.zeros(1, 0, dtype=torch.int64), golden["max_tokens"])
words = [i for i in ids[0].tolist() if i not in manifest["runtime"]["special_ids"].values()]
pieces = json.loads((folder / "pieces.json").read_text())
print(json.dumps({"ids": words, "text": "".join(pieces[i] for i in words).replace("\n ", "\n").strip(), "log_probs": log_probs[0].tolist(),
                  "attention_peaks": attention[0].argmax(-1).tolist()}))
if len(sys.argv) == 2 and words != golden["ids"]: sys.exit("not the words that the manifest's golden picture gives")
