"""`lenet train --recipe fast` in PyTorch: the same network, recipe and data, from the start of the process to the saved model.

fast.py FOLDER SEED THREADS LAYOUT: FOLDER has MNIST's four IDX files. Prints the accuracy on the test images.
"""

import math
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

PRESENTATIONS, BATCH, RATE = 75_000, 32, 0.15
WARM_UP = 0.15


def images(path):
    pixels = np.fromfile(path, np.uint8)[16:].reshape(-1, 1, 28, 28)
    return torch.from_numpy(pixels.astype(np.float32) * (1.275 / 255) - 0.1)


def labels(path):
    return torch.from_numpy(np.fromfile(path, np.uint8)[8:].astype(np.int64))


class Unpadded(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c3 = nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5)
        # C5 as a full connection: faster, as its kernel covers its whole input.
        self.c5, self.f6, self.output = nn.Linear(256, 120), nn.Linear(120, 84), nn.Linear(84, 10)
        for layer in self.children():
            limit = 2.4 / math.sqrt(layer.weight[0].numel())
            nn.init.uniform_(layer.weight, -limit, limit)
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        x = F.avg_pool2d(F.relu(self.c1(x)), 2)
        x = F.avg_pool2d(F.relu(self.c3(x)), 2)
        x = F.relu(self.c5(x.flatten(1)))
        return self.output(F.relu(self.f6(x)))


def factor(step, steps):
    """One-cycle, as `Schedule::OneCycle`: up from 1/25 in the first 15%, then down to zero, both along half a cosine."""
    t = step / steps
    if t < WARM_UP:
        return 1 / 25 + (1 - 1 / 25) * (0.5 + 0.5 * math.cos(math.pi * (1 - t / WARM_UP)))
    return 0.5 + 0.5 * math.cos(math.pi * (t - WARM_UP) / (1 - WARM_UP))


def main():
    folder, seed, threads, layout = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(seed)
    form = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    x, y = images(f"{folder}/train-images-idx3-ubyte"), labels(f"{folder}/train-labels-idx1-ubyte")
    x = x.to(memory_format=form)
    network = Unpadded().to(memory_format=form)
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE, momentum=0.9, weight_decay=5e-4, fused=True)
    steps = PRESENTATIONS // BATCH
    order = torch.cat([torch.randperm(len(y)) for _ in range(2)])
    for step in range(steps):
        batch = order[step * BATCH : (step + 1) * BATCH]
        optimizer.param_groups[0]["lr"] = RATE * factor(step, steps)
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(network(x[batch]), y[batch], label_smoothing=0.1).backward()
        optimizer.step()
    test, truth = images(f"{folder}/t10k-images-idx3-ubyte"), labels(f"{folder}/t10k-labels-idx1-ubyte")
    with torch.inference_mode():
        right = sum((network(part).argmax(1) == answers).sum().item() for part, answers in zip(test.split(1000), truth.split(1000)))
    torch.save(network.state_dict(), f"{folder}/fast.pt")
    print(f"{100 * right / len(truth):.2f}")


main()
