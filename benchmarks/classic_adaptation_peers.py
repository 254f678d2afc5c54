"""The peer's side of classic_adaptation.py: skada's adapters on the features in an .npz file.

    PEERS/bin/python benchmarks/classic_adaptation_peers.py TASK.npz     # prints JSON

Runs in an environment of its own (requirements-classic-adaptation.txt); imports nothing of ours.
Each adapter has its default settings, with logistic regression or, where skada's examples use it,
the nearest neighbour after it.
"""

from __future__ import annotations

import json
import sys
import time
import warnings

import numpy as np
import skada
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier


def methods() -> dict[str, object]:
    linear = LogisticRegression(max_iter=1000)
    nearest = KNeighborsClassifier(1)
    make = skada.make_da_pipeline
    return {
        "coral": make(skada.CORALAdapter(), linear),
        "tca": make(skada.TransferComponentAnalysisAdapter(n_components=100), nearest),
        "subspace": make(skada.SubspaceAlignmentAdapter(n_components=100), linear),
        "ot": make(skada.OTMappingAdapter(), linear),
        "ot_classes": make(skada.ClassRegularizerOTMappingAdapter(), linear),
    }


def main() -> None:
    warnings.simplefilter("ignore")
    task = np.load(sys.argv[1], allow_pickle=False)
    source, labels, target, truth = (task[k] for k in ("source", "labels", "target", "truth"))
    rows = np.concatenate([source, target])
    domain = np.concatenate([np.ones(len(source), int), -np.ones(len(target), int)])
    # labels of the target are masked, as skada asks
    known = np.concatenate([labels, np.full(len(target), -1)])
    found = {}
    for name, method in methods().items():
        started = time.process_time()
        try:
            method.fit(rows, known, sample_domain=domain)
            predicted = method.predict(target, sample_domain=-np.ones(len(target), int))
            found[name] = {
                "accuracy": 100 * float((predicted == truth).mean()),
                "cpu_seconds": time.process_time() - started,
            }
        except Exception as error:  # a peer's fault is written down, not hidden
            found[name] = {"accuracy": None, "error": f"{type(error).__name__}: {error}"[:200]}
    print(json.dumps({"version": skada.__version__, "methods": found}))


if __name__ == "__main__":
    main()
