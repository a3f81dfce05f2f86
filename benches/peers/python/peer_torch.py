"""PyTorch in the comparison."""

import itertools
import os

import torch
import torch._inductor.config as inductor
import torch.nn.functional as F
from common import RATE, run
from torch import nn


class LeNet(nn.Module):
    """C5 is a full connection, as a kernel that covers its whole input gives one number. This form is faster."""

    def __init__(self, tensors):
        super().__init__()
        self.c1, self.c3 = nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5)
        self.c5, self.f6, self.output = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)
        with torch.no_grad():
            for parameter, numbers in zip(self.parameters(), tensors):
                parameter.copy_(torch.from_numpy(numbers).reshape(parameter.shape))

    def forward(self, x):
        x = F.avg_pool2d(torch.tanh(self.c1(x)), 2)
        x = F.avg_pool2d(torch.tanh(self.c3(x)), 2)
        x = torch.tanh(self.c5(x.flatten(1)))
        return self.output(torch.tanh(self.f6(x)))


class Way:
    layout = torch.channels_last

    def __init__(self, data, work):
        torch.set_num_threads(work.threads)
        torch.set_flush_denormal(True)
        self.network = LeNet(data.tensors()).to(memory_format=self.layout)
        self.images = torch.from_numpy(data.images)
        self.size = work.batch
        self.batches = [
            (torch.from_numpy(x).clone().to(memory_format=self.layout), torch.from_numpy(y).clone())
            for x, y in data.batches(work.batch)
        ]
        self.turns = itertools.cycle(self.batches)

    def outputs(self, n):
        with torch.no_grad():
            return self.network(self.images[:n]).numpy()

    def parameters(self):
        with torch.no_grad():
            return torch.cat([p.flatten() for p in self.network.parameters()]).numpy()


class Eager(Way):
    """Step by step, with the fused optimiser."""

    def __init__(self, data, work):
        super().__init__(data, work)
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=RATE, fused=True)

    def train(self, steps):
        for x, y in itertools.islice(self.turns, steps):
            self.optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(self.network(x), y).backward()
            self.optimizer.step()
        return steps * self.size


class EagerContiguous(Eager):
    layout = torch.contiguous_format


class CompiledStep(Way):
    """Forward, backward and update as one compiled function."""

    def __init__(self, data, work):
        super().__init__(data, work)
        names = [name for name, _ in self.network.named_parameters()]
        self.weights = [p.detach() for p in self.network.parameters()]

        def loss(weights, x, y):
            return F.cross_entropy(torch.func.functional_call(self.network, dict(zip(names, weights)), (x,)), y)

        gradient = torch.func.grad(loss)

        def step(weights, x, y):
            for weight, slope in zip(weights, gradient(weights, x, y)):
                weight.sub_(slope, alpha=RATE)

        torch._dynamo.reset()
        self.step = torch.compile(step, options={"cpp_wrapper": True})

    def train(self, steps):
        with torch.no_grad():
            for x, y in itertools.islice(self.turns, steps):
                self.step(self.weights, x, y)
        return steps * self.size


class Traced(Way):
    """Traced, frozen and optimised for inference."""

    def __init__(self, data, work):
        super().__init__(data, work)
        self.network.eval()
        with torch.no_grad():
            traced = torch.jit.freeze(torch.jit.trace(self.network, self.batches[0][0]))
            self.fast = torch.jit.optimize_for_inference(traced)

    def infer(self, batches):
        with torch.inference_mode():
            for x, _ in itertools.islice(self.turns, batches):
                self.fast(x)
        return batches * self.size

    def outputs(self, n):
        """The outputs of the fast network, in batches of the size it was compiled for."""
        some = [x for x, _ in self.batches[: -(-n // self.size)]]
        with torch.inference_mode():
            return torch.cat([self.fast(x) for x in some])[:n].numpy()


class TracedContiguous(Traced):
    layout = torch.contiguous_format


class CompiledFrozen(Traced):
    """Compiled, with the weights as constants."""

    def __init__(self, data, work):
        Way.__init__(self, data, work)
        self.network.eval()
        inductor.freezing = True
        torch._dynamo.reset()
        self.fast = torch.compile(self.network, options={"cpp_wrapper": True})


def ways_for(work):
    if work.kind == "train":
        return {
            "eager, channels_last, fused SGD": Eager,
            "eager, contiguous, fused SGD": EagerContiguous,
            "the whole step compiled, channels_last": CompiledStep,
        }
    return {
        "traced and optimize_for_inference, channels_last": Traced,
        "traced and optimize_for_inference, contiguous": TracedContiguous,
        "compiled and frozen, channels_last": CompiledFrozen,
    }


def preloaded():
    names = [name for name in ("tcmalloc", "iomp5") if name in os.environ.get("LD_PRELOAD", "")]
    return f"{' and '.join(names)} preloaded" if names else "nothing preloaded"


run("torch", torch.__version__, f"flush-denormal, {preloaded()}; C5 as a full connection", ways_for)
