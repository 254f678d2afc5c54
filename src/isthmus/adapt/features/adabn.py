"""AdaBN: statistics of the normalisation layers re-estimated on target images, no training.

Li et al., "Revisiting Batch Normalization for Practical Domain Adaptation", ICLR workshop 2017;
Schneider et al., NeurIPS 2020, for corruptions. Mean and variance are pooled over all images
(sums of x and x² over every pixel of every batch), not averaged over batches, which would lose
the variance between them.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from isthmus import seeds
from isthmus.adapt.adapter import Adapted, Level, Task
from isthmus.detect.batches import image_tensor
from isthmus.detect.detector import Detector
from isthmus.detect.samples import Images
from isthmus.errors import TrainingError

BATCH = 16
MOST_IMAGES = 512
FEW_IMAGES = 8


class _Pool:
    """Sums of x and x² per channel of what enters one normalisation layer."""

    def __init__(self, layer: nn.BatchNorm2d) -> None:
        self.count = 0
        self.total = torch.zeros(layer.num_features, dtype=torch.float64)
        self.squares = torch.zeros_like(self.total)
        self.handle = layer.register_forward_pre_hook(self._add)

    def _add(self, layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        x = inputs[0]
        self.count += x.numel() // x.shape[1]
        x = x.float()  # it may come in half precision, in which sums overflow
        self.total += x.sum((0, 2, 3)).double().cpu()
        self.squares += x.square().sum((0, 2, 3)).double().cpu()

    def give(self, layer: nn.BatchNorm2d) -> None:
        mean = self.total / self.count
        variance = (self.squares / self.count - mean.square()).clamp(min=0)
        assert layer.running_mean is not None
        assert layer.running_var is not None
        layer.running_mean.copy_(mean)
        layer.running_var.copy_(variance)


def normalisation_layers(detector: Detector) -> list[nn.BatchNorm2d]:
    """The layers whose statistics can be re-estimated.

    Raises:
        TrainingError: there are none.
    """
    layers = [
        m for m in detector.modules() if isinstance(m, nn.BatchNorm2d) and m.track_running_stats
    ]
    if not layers:
        raise TrainingError(
            f"AdaBN: detector {detector.name!r} has no batch normalisation whose statistics "
            "could be re-estimated; use an image-level method or a teacher"
        )
    return layers


@torch.no_grad()
def reestimate(detector: Detector, images: Images, *, seed: int) -> Detector:
    """A copy of `detector` whose normalisation statistics are those of `images`.

    Layers are fed with batches normalised by their own statistics, as in training.

    Raises:
        TrainingError: the detector has no batch normalisation with running statistics.
    """
    adapted = copy.deepcopy(detector)
    layers = normalisation_layers(adapted)
    order = seeds.generator(seed, "adabn").permutation(len(images))[:MOST_IMAGES]
    pools = [_Pool(layer) for layer in layers]
    adapted.train()
    for start in range(0, len(order), BATCH):
        adapted.raw(image_tensor(images, order[start : start + BATCH]))
    for pool, layer in zip(pools, layers, strict=True):
        pool.handle.remove()
        pool.give(layer)
    return adapted.eval()


class AdaBN:
    """Re-estimate statistics on the target; spends no step."""

    name = "adabn"
    label = "Batch-norm statistics (AdaBN)"
    level: Level = "feature"
    needs = frozenset({"target.images"})

    def fit(self, task: Task) -> Adapted:
        """Re-estimate; few images give an alarm."""
        alarms = (
            ()
            if len(task.target) >= FEW_IMAGES
            else (f"AdaBN: statistics rest on {len(task.target)} target image(s) alone",)
        )
        return Adapted(reestimate(task.detector, task.target, seed=task.seed), (), alarms)
