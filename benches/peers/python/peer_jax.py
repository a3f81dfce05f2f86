"""JAX in the comparison: the batch innermost, the steps in a `lax.scan`."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from common import RATE, run
from jax import lax


def convolve(x, kernels, bias):
    """A convolution as a matrix product over the 25 shifted images: XLA has no fast one for an innermost batch axis."""
    channels, height, width, batch = x.shape
    height, width = height - 4, width - 4
    shifted = [x[:, i : i + height, j : j + width] for i in range(5) for j in range(5)]
    columns = jnp.stack(shifted, 1).reshape(channels * 25, -1)
    y = kernels.reshape(len(kernels), -1) @ columns
    return y.reshape(-1, height, width, batch) + bias[:, None, None, None]


def pool_by_window(x):
    return lax.reduce_window(x, 0.0, lax.add, (1, 2, 2, 1), (1, 2, 2, 1), "VALID") * 0.25


def pool_by_slices(x):
    return (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) * 0.25


def forward(pool, weights, x):
    """From [1, 32, 32, N] to [10, N]."""
    c1, c1_bias, c3, c3_bias, c5, c5_bias, f6, f6_bias, output, output_bias = weights
    x = pool(jnp.tanh(convolve(x, c1, c1_bias)))
    x = pool(jnp.tanh(convolve(x, c3, c3_bias)))
    x = jnp.tanh(c5.reshape(120, 400) @ x.reshape(400, -1) + c5_bias[:, None])
    x = jnp.tanh(f6 @ x + f6_bias[:, None])
    return output @ x + output_bias[:, None]


def loss(pool, weights, blocks, labels):
    """The mean loss over a batch in blocks; the blocks are computed one after another, to fit the cache."""

    def of_block(block):
        x, y = block
        logits = jax.nn.log_softmax(forward(pool, weights, x), 0)
        return -jnp.take_along_axis(logits, y[None], 0).mean()

    return lax.map(of_block, (blocks, labels)).mean()


@partial(jax.jit, static_argnums=0, donate_argnums=1)
def steps_of_sgd(pool, weights, images, labels):
    def step(weights, batch):
        slopes = jax.grad(partial(loss, pool))(weights, *batch)
        return [w - RATE * d for w, d in zip(weights, slopes)], None

    return lax.scan(step, weights, (images, labels))[0]


def in_blocks(images, labels, block):
    """[N, 1, 32, 32] as [N / block, 1, 32, 32, block], and the labels."""
    images = images.reshape(-1, block, 1, 32, 32).transpose(0, 2, 3, 4, 1)
    return images, labels.reshape(-1, block)


class Way:
    def __init__(self, pool, block, data, work):
        self.pool, self.size = pool, work.batch
        self.block = block = min(block, work.batch)
        self.forward = jax.jit(lambda weights, blocks: lax.map(partial(forward, pool, weights), blocks))
        self.weights = [jnp.array(t) for t in data.tensors()]
        self.all = data.images
        images, labels = zip(*(in_blocks(*batch, block) for batch in data.batches(work.batch)))
        if work.kind == "train":
            self.images, self.labels = jnp.asarray(np.stack(images)), jnp.asarray(np.stack(labels))
        else:
            self.images = [jnp.asarray(x) for x in images]
        # Waits for each image if they are run one at a time, otherwise for the last.
        self.wait = work.kind == "latency"

    def train(self, steps):
        """One step, or whole passes over the images: each number of steps needs a compiled program."""
        count = 1 if steps == 1 else len(self.images)
        images, labels = self.images[:count], self.labels[:count]
        passes = -(-steps // count)
        for _ in range(passes):
            self.weights = steps_of_sgd(self.pool, self.weights, images, labels)
        jax.block_until_ready(self.weights)
        return passes * count * self.size

    def infer(self, batches):
        for i in range(batches):
            y = self.forward(self.weights, self.images[i % len(self.images)])
            if self.wait:
                y.block_until_ready()
        y.block_until_ready()
        return batches * self.size

    def outputs(self, n):
        images = -(-n // self.block) * self.block
        blocks, _ = in_blocks(self.all[:images], np.zeros(images), self.block)
        return np.asarray(self.forward(self.weights, jnp.asarray(blocks))).transpose(0, 2, 1).reshape(-1, 10)[:n]

    def parameters(self):
        return np.concatenate([np.asarray(w).ravel() for w in self.weights])


def ways_for(work):
    # Blocks are faster if nothing is kept for a backward pass.
    blocks = {16, 64} if work.kind == "infer" else {work.batch}
    pools = {"pooling by reduce_window": pool_by_window, "pooling by slices": pool_by_slices}
    return {
        f"{name}, blocks of {block}": partial(Way, pool, block)
        for name, pool in pools.items()
        for block in sorted(blocks)
    }


run("jax", jax.__version__, "batch innermost, convolutions as matrix products, lax.scan over steps", ways_for)
