"""Compares the outputs of our networks with those of ONNX Runtime and PyTorch, on 1,000 of MNIST's test images.

check.py PROGRAMS README FOLDER: PROGRAMS is the folder cargo builds into, README has the snippets for PyTorch, FOLDER is
for the files that are made. Exits with 1 if anything differs.
"""

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

PROGRAMS, README, OUT = (Path(word).resolve() for word in sys.argv[1:])
# f32 sums are added in another order: some hundred roundings of 6e-8, for logits of a few units.
TOLERANCE = 1e-4


def run(program, *words):
    """Returns the program's output; it must succeed."""
    done = subprocess.run([PROGRAMS / program, *map(str, words)], cwd=OUT, capture_output=True)
    if done.returncode != 0:
        raise SystemExit(f"{program} {' '.join(map(str, words))} ended with {done.returncode}:\n{done.stderr.decode()}")
    return done.stdout


def choices(option):
    """Returns the names that the program lists when it is given an unknown one."""
    done = subprocess.run([PROGRAMS / "lenet", "summary", option, "?"], capture_output=True, text=True)
    names = re.search(r"choose ((?:[\w-]+, )*[\w-]+)", done.stderr)
    assert done.returncode == 2 and names, done.stderr
    return names[1].split(", ")


def networks():
    """Yields every network with every activation function that it supports."""
    for network, activation in itertools.product(choices("--network"), choices("--activation")):
        words = [PROGRAMS / "lenet", "summary", "--network", network, "--activation", activation]
        if subprocess.run(words, capture_output=True).returncode == 0:
            yield network, activation


def train(network, activation):
    """Trains a model a little; returns its path."""
    folder = OUT / f"{network}-{activation}"
    loss = "penalty" if network == "lenet5-1998" else "cross-entropy"
    run("lenet", "train", "--network", network, "--activation", activation, "--loss", loss, "--rate", 0.005,
        "--limit", 600, "--validation", 100, "--epochs", 1, "--quiet", "--out", folder)
    return folder / "best.safetensors"


def scores(model):
    """Returns our program's scores for the pictures."""
    return np.frombuffer(run("examples/scores", model, "pictures"), np.float32).reshape(-1, 10)


def differ(what, theirs, ours):
    """Prints the largest difference, relative for numbers beyond 1; returns whether it is too large."""
    apart = float(np.max(np.abs(theirs - ours) / np.maximum(1, np.abs(ours))))
    print(f"{what:42} {apart:.1e}   numbers up to {np.max(np.abs(ours)):.1f}")
    return not apart <= TOLERANCE


def in_onnx_runtime(what, model, named, pictures):
    """Exports the model that `named` gives, checks the file, and runs it on a batch and on one picture.

    Returns whether the results differ.
    """
    file = OUT / "model.onnx"
    run("lenet", "export", *named, "--onnx", file)
    onnx.checker.check_model(str(file), full_check=True)
    metadata = {entry.key: entry.value for entry in onnx.load(file).metadata_props}
    assert metadata["network"] in what and metadata["activation"] in what, metadata
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    logits, probabilities = session.run(["logits", "probabilities"], {"image": pictures})
    one, _ = session.run(None, {"image": pictures[:1]})
    ours = scores(model)
    softmax = np.exp(ours - ours.max(1, keepdims=True))
    softmax /= softmax.sum(1, keepdims=True)
    return any([
        differ(what, logits, ours),
        not np.allclose(one, logits[:1], rtol=TOLERANCE, atol=TOLERANCE),
        not np.allclose(probabilities, softmax, rtol=0, atol=1e-3),
    ])


def in_pytorch(pictures, labels):
    """Runs the README's snippets: one opens best.safetensors, one writes mine.safetensors.

    Returns whether the results differ.
    """
    opens, writes = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.DOTALL | re.MULTILINE)
    os.chdir(OUT)
    torch.manual_seed(1)
    here = {}
    exec(compile(opens, "the README's first snippet", "exec"), here)
    with torch.no_grad():
        wrong = differ("PyTorch, opened", here["model"](torch.from_numpy(pictures[:1000])).numpy(),
                       scores("best.safetensors"))
    here = {}
    exec(compile(writes, "the README's second snippet", "exec"), here)
    with torch.no_grad():
        logits = here["model"](torch.from_numpy(pictures) / 255).numpy()
    wrong |= differ("PyTorch, written", logits[:1000], scores("mine.safetensors"))
    ours = json.loads(run("lenet", "eval", "mine.safetensors", "--json"))["test"]
    theirs = {"correct": int((logits.argmax(1) == labels).sum()), "total": len(labels)}
    # One in ten thousand may be a tie that rounding decides.
    print(f"{'lenet eval of what PyTorch wrote':42} {ours}, PyTorch {theirs}")
    return wrong or ours["total"] != theirs["total"] or abs(ours["correct"] - theirs["correct"]) > 1


def layers_of_today():
    """Runs the networks of lenet-train's example, one of pictures and one of signals. Returns whether any results differ."""
    run("examples/onnx_layers", OUT)
    wrong = []
    for name in ["layers", "signals"]:
        onnx.checker.check_model(str(OUT / f"{name}.onnx"), full_check=True)
        session = onnxruntime.InferenceSession(OUT / f"{name}.onnx", providers=["CPUExecutionProvider"])
        given, = session.get_inputs()
        x = np.fromfile(OUT / f"{name}-input", np.float32).reshape(1, *given.shape[1:])
        wrong.append(differ(f"{name} of today, from the graph", session.run(None, {given.name: x})[0].ravel(),
                            np.fromfile(OUT / f"{name}-output", np.float32)))
    return any(wrong)


def main():
    run("examples/unpack", OUT)
    pixels = np.fromfile(OUT / "t10k-images-idx3-ubyte", np.uint8)[16:].reshape(-1, 1, 28, 28)
    labels = np.fromfile(OUT / "t10k-labels-idx1-ubyte", np.uint8)[8:]
    pixels[:1000].tofile(OUT / "pictures")
    pictures = pixels.astype(np.float32)

    wrong = [layers_of_today()]
    found = list(networks())
    assert len({network for network, _ in found}) == len(choices("--network")), found
    for network, activation in found:
        what = f"{network} with {activation}"
        model = train(network, activation)
        wrong.append(in_onnx_runtime(what, model, [model], pictures[:1000]))

    # The built-in model: trained well, and exported without being named.
    shutil.copy(README.parent / "models/lenet5.safetensors", OUT / "best.safetensors")
    wrong.append(in_onnx_runtime("lenet5 with scaled-tanh, pretrained", "best.safetensors", [], pictures[:1000]))
    wrong.append(in_pytorch(pictures, labels))
    if any(wrong):
        raise SystemExit(f"more than {TOLERANCE} apart, see above")


main()
