"""The task `speed` of adapt.py: images per second of training, and the cost of choosing.

The transformers detector is a small RT-DETRv2 with new weights; its step here is timed beside a
plain loop over the same model with the loss that comes with it, alternating in one run.
"""

from __future__ import annotations

import time
from statistics import median
from typing import Any

import numpy as np
import torch

from isthmus.adapt.validators import validators
from isthmus.detect.batches import labelled_batch
from isthmus.detect.detector import build_detector
from isthmus.detect.evaluate import predict
from isthmus.detect.objectives import Supervised
from isthmus.detect.samples import Images, Samples
from isthmus.detect.train import Recipe, train

SIZE = (320, 192)
BATCH = 8
CLASSES = ("pedestrian", "vehicle")


def noise(count: int) -> Samples:
    """Random images with four boxes each: what is in them does not matter for the clock."""
    rng = np.random.default_rng(0)
    width, height = SIZE
    size = np.tile(np.array([[width, height]], np.int32), (count, 1))
    corners = rng.uniform(0, 0.7, (4 * count, 2)) * (width, height)
    boxes = np.concatenate([corners, corners + rng.uniform(12, 50, (4 * count, 2))], 1)
    images = Images(
        rng.integers(0, 255, (count, height, width, 3)).astype(np.uint8),
        size, size, tuple(map(str, range(count))), ("",) * count,
    )  # fmt: skip
    return Samples(images, CLASSES, boxes.astype(np.float32), rng.integers(0, 2, 4 * count),
                   np.zeros(4 * count, bool), np.arange(0, 4 * count + 1, 4))  # fmt: skip


def rtdetr() -> Any:
    import transformers

    backbone = transformers.RTDetrResNetConfig(
        embedding_size=16, hidden_sizes=[16, 32, 64, 96], depths=[1, 1, 1, 1],
        layer_type="basic", out_features=["stage2", "stage3", "stage4"],
    )  # fmt: skip
    config = transformers.RTDetrV2Config(
        backbone_config=backbone, encoder_hidden_dim=96, encoder_in_channels=[32, 64, 96],
        encoder_ffn_dim=192, encoder_attention_heads=4, d_model=96, num_queries=100,
        decoder_in_channels=[96, 96, 96], decoder_ffn_dim=192, decoder_layers=2,
        decoder_attention_heads=4, num_denoising=0, num_labels=2,
    )  # fmt: skip
    return build_detector("hf", CLASSES, seed=0, config=config.to_dict())


def ours_step(detector: Any, samples: Samples, steps: int) -> float:
    """CPU seconds per image of our training loop."""
    objective = Supervised(samples, batch=BATCH, seed=0)
    started = time.process_time()
    train(detector, objective, Recipe(steps), seed=0, name="speed")
    return (time.process_time() - started) / (steps * BATCH)


def plain_step(network: Any, samples: Samples, steps: int) -> float:
    """CPU seconds per image of the usual loop over a transformers model and its own loss."""
    network.train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-4)
    scale = torch.tensor([*SIZE, *SIZE], dtype=torch.float32)
    started = time.process_time()
    for step in range(steps):
        batch = labelled_batch(samples, np.arange(step * BATCH, (step + 1) * BATCH) % len(samples))
        labels = []
        for image in range(BATCH):
            own = batch.targets.image == image
            box = batch.targets.boxes[own] / scale
            centred = torch.cat([(box[:, :2] + box[:, 2:]) / 2, box[:, 2:] - box[:, :2]], 1)
            labels.append({"class_labels": batch.targets.labels[own], "boxes": centred})
        loss = network(pixel_values=batch.images, labels=labels).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return (time.process_time() - started) / (steps * BATCH)


def speed(quick: bool) -> dict[str, float | None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    samples = noise(32)
    rounds, steps = (1, 1) if quick else (5, 4)
    compact = build_detector("compact", CLASSES, seed=0, width=8)
    hub = rtdetr()
    times: dict[str, list[float]] = {"compact": [], "hf": [], "plain": []}
    for _ in range(rounds):
        times["compact"].append(ours_step(compact, samples, steps))
        times["hf"].append(ours_step(hub, samples, steps))
        times["plain"].append(plain_step(hub.network, samples, steps))
    started = time.process_time()
    images = 16 if quick else 128
    target = noise(images).images
    validators(compact, target, np.array([2.0, 2.0]), source=target)
    predict(compact, target)  # the source's validation frames as the target would show them
    choosing = time.process_time() - started
    per_image = {name: median(values) for name, values in times.items()}
    torch.set_num_threads(threads)
    return {
        "compact_images_per_s": 1 / per_image["compact"],
        "hf_images_per_s": 1 / per_image["hf"],
        "hf_plain_loop_images_per_s": 1 / per_image["plain"],
        # of a training of 800 steps of 8 images, as in the pairs
        "selection_cost_fraction": choosing * (128 / images) / (800 * BATCH * per_image["compact"]),
    }
