"""The code that the Python programs of the comparison share: the works, the data, the clock and the checks.

It is the counterpart of the Rust `harness`. A program gives a class for each way that it can run the network; the
fastest way in a short trial is measured. A way has

    train(steps)    makes at least that many steps of SGD, continuing from the last call; returns the number of images
    infer(batches)  runs the network on at least that many batches; returns the number of images
    outputs(n)      ten outputs for each of the first n images
    parameters()    one array of all parameters, in the order of SHAPES
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

RATE = 0.01
PARAMETERS = 61_706
GROUND, INK = -0.1, 1.175
SHAPES = [
    (6, 1, 5, 5), (6,),
    (16, 6, 5, 5), (16,),
    (120, 16, 5, 5), (120,),
    (84, 120), (84,),
    (10, 84), (10,),
]  # fmt: skip

# The tolerances for the outputs and the first step; see `check.rs`.
OUTPUTS, STEP = 1e-4, 2e-3


class Work:
    """A row of the table, written like train-b64-t2."""

    def __init__(self, key):
        kind, batch, threads = key.split("-")
        assert kind in ("train", "infer", "latency") and batch[0] == "b" and threads[0] == "t", key
        self.key, self.kind, self.batch, self.threads = key, kind, int(batch[1:]), int(threads[1:])

    def of(self, kind, batch):
        return Work(f"{kind}-b{batch}-t{self.threads}")


class Data:
    """The files that `ours --reference` wrote."""

    def __init__(self, folder):
        folder = Path(folder)
        pixels = np.fromfile(folder / "images.u8", np.uint8).reshape(-1, 28, 28)
        self.images = np.full((len(pixels), 1, 32, 32), GROUND, np.float32)
        self.images[:, 0, 2:30, 2:30] = GROUND + pixels.astype(np.float32) / 255 * (INK - GROUND)
        self.labels = np.fromfile(folder / "labels.u8", np.uint8).astype(np.int64)
        self.weights = np.fromfile(folder / "weights.f32", "<f4")
        self.outputs = np.fromfile(folder / "outputs.f32", "<f4").reshape(-1, 10)
        self.stepped = np.fromfile(folder / "stepped.f32", "<f4")
        assert len(self.images) == len(self.labels)
        assert len(self.weights) == len(self.stepped) == PARAMETERS

    def tensors(self):
        ends = np.cumsum([np.prod(shape) for shape in SHAPES])
        return [part.reshape(shape) for part, shape in zip(np.split(self.weights, ends[:-1]), SHAPES)]

    def batches(self, size):
        """Images and labels, batch by batch; images that do not fill a batch are left out."""
        for start in range(0, len(self.images) - size + 1, size):
            yield self.images[start : start + size], self.labels[start : start + size]


def outputs_as_reference(way, data):
    outputs = way.outputs(len(data.outputs))
    error = np.abs(outputs - data.outputs).max()
    assert error < OUTPUTS, f"its outputs are off by {error:.1e}"


def same_network(make, data, work):
    """Checks for the same weights, the same outputs and the same first step as the reference."""
    way = make(data, work.of(work.kind, 64))
    assert np.array_equal(way.parameters(), data.weights), "it does not start from the weights it was given"
    outputs_as_reference(way, data)
    if work.kind == "train":
        way.train(1)
        wanted = (data.stepped - data.weights) / RATE
        error = np.abs((way.parameters() - data.weights) / RATE - wanted).max() / np.abs(wanted).max()
        assert error < STEP, f"its first step is off by {error:.1e} of the reference's largest number"


def loss(way, data):
    """The mean cross-entropy of the first 256 images."""
    outputs = way.outputs(256).astype(np.float64)
    assert outputs.shape == (256, 10) and np.isfinite(outputs).all(), "its outputs are not finite"
    return (np.log(np.exp(outputs).sum(1)) - outputs[np.arange(256), data.labels[:256]]).mean()


def timed(way, work, steps):
    """Images and seconds."""
    start = time.perf_counter()
    images = way.train(steps) if work.kind == "train" else way.infer(steps)
    return images, time.perf_counter() - start


def steps_for(way, work, seconds):
    """How many steps take that long. The trial also warms the caches and compiles what is compiled at first use."""
    timed(way, work, 1)
    steps = 1
    while True:
        _, took = timed(way, work, steps)
        if took >= seconds:
            return steps
        steps = int(np.ceil(steps * np.clip(seconds / max(took, 1e-9) * 1.1, 1.5, 10)))


def fastest(ways, work, seconds):
    """The way whose best of three trials was the fastest; the ways take turns."""
    if len(ways) == 1:
        return next(iter(ways))
    steps = {name: steps_for(way, work, seconds) for name, way in ways.items()}
    best = dict.fromkeys(ways, 0.0)
    for _ in range(3):
        for name, way in ways.items():
            images, took = timed(way, work, steps[name])
            best[name] = max(best[name], images / took)
    print(work.key, {name: round(rate) for name, rate in best.items()}, file=sys.stderr)
    return max(best, key=best.get)


def run(who, version, settings, ways_for):
    """Measures the work that the command line asks for, and prints a line of JSON.

    `ways_for(work)` are functions by name; each takes data and a work and makes a way, or fails.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=Work, required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    data, work = Data(options.data), options.work

    ways, errors = {}, []
    for name, make in ways_for(work).items():
        try:
            same_network(make, data, work)
            ways[name] = make(data, work)
        except Exception as error:  # If one way does not work, another one may.
            errors.append(f"{name}: {str(error).strip() or repr(error)}")
            print(errors[-1], file=sys.stderr)
    if not ways:
        sys.exit(f"{who}, {work.key}: no way works")
    name = fastest(ways, work, options.seconds / 2)
    way = ways[name]

    before = loss(way, data)
    steps = steps_for(way, work, options.seconds)
    rates = []
    for _ in range(max(options.repetitions, 1)):
        images, took = timed(way, work, steps)
        rates.append(images / took)
    after = loss(way, data)
    if work.kind == "train":
        assert after < before, f"training took the loss from {before} to {after}"
    else:
        outputs_as_reference(way, data)

    rates.sort(reverse=True)
    latency = work.kind == "latency"
    value, median = (1e6 / rate if latency else rate for rate in (rates[0], rates[len(rates) // 2]))
    if len(ways) > 1:
        name += f" (the fastest of {len(ways)} ways)"
    result = {
        "who": who,
        "version": version,
        "settings": ", ".join(filter(None, [name, settings])),
        "work": work.key,
        "value": value,
        "median": median,
        "unit": "us" if latency else "images/s",
    }
    if errors:
        result["failed ways"] = errors
    print(json.dumps(result), flush=True)
