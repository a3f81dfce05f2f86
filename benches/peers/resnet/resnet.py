"""The residual network of `examples/networks` in PyTorch.

resnet.py FOLDER IMAGES BATCH THREADS WAY: FOLDER is from `resnet --reference`. Prints the number of parameters; then
trains one epoch for each line that it reads, and prints the seconds and the mean loss.
"""

import sys
import time
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def convolution(ci, co, kernel, stride=1):
    return nn.Conv2d(ci, co, kernel, stride, padding=kernel // 2)


class Residual(nn.Module):
    def __init__(self, ci, co, stride):
        super().__init__()
        block = [("c1", convolution(ci, co, 3, stride)), ("n1", nn.BatchNorm2d(co)), ("a1", nn.ReLU(inplace=True))]
        self.block = nn.Sequential(OrderedDict([*block, ("c2", convolution(co, co, 3)), ("n2", nn.BatchNorm2d(co))]))
        skip = [("c1", convolution(ci, co, 1, stride)), ("n1", nn.BatchNorm2d(co))] if stride > 1 else []
        self.skip = nn.Sequential(OrderedDict(skip))

    def forward(self, x):
        return F.relu(self.block(x) + self.skip(x), inplace=True)


class ResNet8(nn.Module):
    def __init__(self, folder):
        super().__init__()
        self.c1, self.n1 = convolution(3, 16, 3), nn.BatchNorm2d(16)
        self.r1, self.r2, self.r3 = Residual(16, 16, 1), Residual(16, 32, 2), Residual(32, 64, 2)
        self.out = nn.Linear(64, 10)
        state = {name: array for name, array in self.state_dict().items() if not name.endswith("num_batches_tracked")}
        for name, array in state.items():
            array.copy_(torch.from_numpy(np.fromfile(folder / f"{name}.array", np.float32)).reshape(array.shape))
        self.numbers = sum(array.numel() for array in state.values())

    def forward(self, x):
        x = F.relu(self.n1(self.c1(x)), inplace=True)
        x = self.r3(self.r2(self.r1(x)))
        return self.out(x.mean((2, 3)))


def main():
    folder, images, batch, threads, way = Path(sys.argv[1]), *map(int, sys.argv[2:5]), sys.argv[5]
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(1)
    layout = torch.channels_last if "channels_last" in way else torch.contiguous_format
    x = torch.from_numpy(np.fromfile(folder / "images.f32", np.float32).reshape(-1, 3, 32, 32)[:images])
    y = torch.from_numpy(np.fromfile(folder / "labels.u8", np.uint8)[:images].astype(np.int64))
    x = x.to(memory_format=layout)
    network = ResNet8(folder).to(memory_format=layout)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.02, momentum=0.9, fused=True)
    forward = network
    if "compiled" in way:
        forward = torch.compile(network, options={"cpp_wrapper": True})

    def step(x, y):
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(forward(x), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    if "compiled" in way:
        # Compile now; the step at a rate of 0 leaves everything but the running statistics as it is.
        optimizer.param_groups[0]["lr"] = 0.0
        step(x[:batch].contiguous(memory_format=layout), y[:batch])
        optimizer.param_groups[0]["lr"] = 0.02
        optimizer.state.clear()
    print(network.numbers, torch.__version__, flush=True)
    for _ in sys.stdin:
        order = torch.randperm(images)
        start, losses = time.perf_counter(), []
        for part in order.split(batch):
            losses.append(step(x[part].contiguous(memory_format=layout), y[part]))
        mean = torch.stack(losses).mean().item()
        print(time.perf_counter() - start, mean, flush=True)


main()
