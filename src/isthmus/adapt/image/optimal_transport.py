"""Sliced optimal transport of colours: the whole 3-D distribution, not channel by channel.

Pitié, Kokaram & Dahyot, "Automated colour grading using colour distribution transfer", CVIU 2007,
and Rabin et al., "Wasserstein Barycenter and its Application to Texture Mixing", SSVM 2011: turn
the colour cube at random, match the three marginals, repeat. The map is found on a sample of
pixels together with the nodes of a coarse lattice and then looked up there by trilinear
interpolation: a smooth map of colours, the same for equal colours, that makes no grain.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from isthmus.adapt.image.transfer import TransferAdapter, random_pairs
from isthmus.detect.objectives import ImageHook
from isthmus.detect.samples import Images

ROUNDS = 12
SAMPLE = 1500
NODES = 17
SMALLEST_EXTENT = 1e-3
EQUAL = 1e-5
"""Turned colours nearer than that are one colour, apart from rounding."""


def sliced_transport(
    source: Tensor, target: Tensor, rng: np.random.Generator, *, rounds: int = ROUNDS
) -> Tensor:
    """Source images (b, 3, h, w) in [0, 1] with the colour distribution of target images."""
    here = _sample(source, rng)
    there = _sample(target, rng)
    low = source.amin((2, 3))[:, None]
    extent = (source.amax((2, 3))[:, None] - low).clamp(min=SMALLEST_EXTENT)
    # the lattice fills the box of the image's own colours, however narrow that is
    moving = torch.cat([here, low + extent * _lattice()], 1)
    count = here.shape[1]
    for _ in range(rounds):
        turn = torch.from_numpy(np.linalg.qr(rng.standard_normal((3, 3)))[0]).float()
        along, wanted = moving @ turn, there @ turn
        along = _match_marginals(along, count, wanted)
        moving = along @ turn.T
    table = moving[:, count:].view(len(source), NODES, NODES, NODES, 3).permute(0, 4, 1, 2, 3)
    # grid_sample's last coordinate comes first: axes of the lattice are (red, green, blue)
    share = (source.permute(0, 2, 3, 1) - low[:, None]) / extent[:, None]
    moved = functional.grid_sample(
        table,
        (2 * share - 1).flip(-1)[:, None],
        mode="bilinear",
        padding_mode="border",
        align_corners=True,
    )
    return moved[:, :, 0].clamp_(0, 1)


def _lattice() -> Tensor:
    """All points of a coarse grid of the unit cube, (NODES³, 3), first axis slowest."""
    axis = torch.linspace(0, 1, NODES)
    return torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), -1).view(-1, 3)


def _sample(images: Tensor, rng: np.random.Generator) -> Tensor:
    """Colours of pixels drawn at random, (b, SAMPLE, 3): always as many, whatever the size."""
    pixels = images.flatten(2)
    chosen = torch.from_numpy(rng.integers(0, pixels.shape[2], SAMPLE))
    return pixels[:, :, chosen].transpose(1, 2)


def _match_marginals(along: Tensor, count: int, wanted: Tensor) -> Tensor:
    """Each coordinate of (b, k, 3) moved by the monotone map of its first `count` onto `wanted`.

    Between sampled values the map is linear; beyond them it is a shift, which cannot amplify.
    """
    values = along.transpose(1, 2).contiguous()
    here = values[..., :count].sort(-1).values
    there = _shared_by_equals(here, wanted.transpose(1, 2).sort(-1).values)
    above = torch.searchsorted(here, values).clamp(1, count - 1)
    low, high = here.gather(-1, above - 1), here.gather(-1, above)
    share = ((values - low) / (high - low).clamp(min=1e-6)).clamp(0, 1)
    shift_low = there.gather(-1, above - 1) - low
    shift_high = there.gather(-1, above) - high
    return (values + torch.lerp(shift_low, shift_high, share)).transpose(1, 2)


def _shared_by_equals(here: Tensor, there: Tensor) -> Tensor:
    """What each of the ascending values `here` becomes: `there` by rank, equal ones its mean.

    A burnt-out sky is one colour; by its lowest rank alone it would drift out of the target's
    colours, a turn of the cube at a time.
    """
    first = torch.searchsorted(here, here - EQUAL)
    past = torch.searchsorted(here, here + EQUAL, right=True)
    sums = functional.pad(there.double().cumsum(-1), (1, 0))
    return ((sums.gather(-1, past) - sums.gather(-1, first)) / (past - first)).float()


def optimal_transport_hook(target: Images) -> ImageHook:
    """Change of look for training batches, towards `target`."""
    return random_pairs(sliced_transport, target)


class OptimalTransportAdaptation(TransferAdapter):
    """Train on source images with the colour distribution of target images."""

    name = "ot"
    label = "Optimal transport of colours"
    style = staticmethod(optimal_transport_hook)
