"""A small network whose features a discriminator cannot tell the domain by.

Ganin et al., "Domain-Adversarial Training of Neural Networks", JMLR 2016, with the schedules of
section 5.2.2.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from isthmus import seeds
from isthmus.adapt.features.dann import ramp, reverse_gradient

HIDDEN = 128
STEPS = 400
BATCH = 64
LEARNING_RATE = 1e-3


class AdversarialClassifier:
    """One hidden layer, a classifier and a discriminator behind a gradient reversal."""

    label = "Adversarial features (DANN)"

    def predict(
        self, source: np.ndarray, labels: np.ndarray, target: np.ndarray, *, seed: int
    ) -> np.ndarray:
        """Class of each target row."""
        # The spread is that of both: a feature that never moves in the source alone (the margin
        # of a digit) would come out at a million in the target and drown all others.
        mean, spread = source.mean(0), np.concatenate([source, target]).std(0) + 1e-6
        here, there = (torch.from_numpy((x - mean) / spread).float() for x in (source, target))
        truth = torch.from_numpy(labels)
        classes = int(labels.max()) + 1
        # layers draw from the global generator as they are built; it is put back.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seeds.integer(seed, "dann", "vectors"))
            body = nn.Sequential(nn.Linear(source.shape[1], HIDDEN), nn.ReLU())
            head = nn.Linear(HIDDEN, classes)
            judge = nn.Sequential(nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1))
        parts = nn.ModuleList([body, head, judge])
        optimiser = torch.optim.Adam(parts.parameters(), lr=LEARNING_RATE, weight_decay=1e-3)
        for step in range(STEPS):
            rng = seeds.generator(seed, "dann", "batch", step)
            a = torch.from_numpy(rng.integers(0, len(here), BATCH))
            b = torch.from_numpy(rng.integers(0, len(there), BATCH))
            features = body(torch.cat([here[a], there[b]]))
            domain = judge(reverse_gradient(features, ramp(step / STEPS)))[:, 0]
            wanted = torch.cat([torch.ones(BATCH), torch.zeros(BATCH)])
            loss = functional.cross_entropy(head(features[:BATCH]), truth[a])
            loss = loss + functional.binary_cross_entropy_with_logits(domain, wanted)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        with torch.no_grad():
            return np.asarray(head(body(there)).argmax(1).numpy())
