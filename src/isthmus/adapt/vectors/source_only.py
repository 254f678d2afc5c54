"""No adaptation: logistic regression on the source, the reference of the others."""

from __future__ import annotations

import numpy as np


def logistic(source: np.ndarray, labels: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Classes of target rows by logistic regression on source rows."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=1000).fit(source, labels)
    return np.asarray(model.predict(target))


class SourceOnly:
    """Logistic regression on the source."""

    label = "Source only (logistic regression)"

    def predict(
        self, source: np.ndarray, labels: np.ndarray, target: np.ndarray, *, seed: int
    ) -> np.ndarray:
        """Class of each target row."""
        return logistic(source, labels, target)
