"""What other tools say of a folder of images; each runs in the peers' environment.

cleanvision names faults and copies. dqm-ml (images) measures luminosity, contrast, blur and entropy
and gives no verdict: a frame counts as named where a figure lies outside the range of the frames
without a planted fault, which it is told; that is the best that a reader of its figures could do.
FiftyOne Brain finds copies: exact ones by the files' bytes, near ones by its usual distance (0.2)
between features that it is given; its own networks come from torchvision and are left out.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

USED = """
import resource
def used():
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)
"""
CLEANVISION = """
import json, sys
from cleanvision import Imagelab
start = used()
lab = Imagelab(data_path=sys.argv[1])
lab.find_issues(n_jobs=1, verbose=False)
name = lambda path: path.rsplit("/", 1)[-1]
issues = lab.issues
faults = {c[3:-6]: [name(p) for p in issues.index[issues[c]]]
          for c in issues.columns if c.startswith("is_") and c.endswith("_issue")}
groups = [[name(p) for p in group] for kind in ("exact_duplicates", "near_duplicates")
          for group in lab.info.get(kind, {}).get("sets", [])]
print("RESULT" + json.dumps({"faults": faults, "groups": groups, "seconds": used() - start}))
"""
DQM = """
import json, sys
from pathlib import Path
import pyarrow as pa
from dqm_ml_images.visual_features import VisualFeaturesProcessor
start = used()
tool = VisualFeaturesProcessor("features", {"columns": {"input": ["image_bytes"]}})
found = {}
files = sorted(Path(sys.argv[1]).iterdir())
for first in range(0, len(files), 50):
    some = files[first:first + 50]
    batch = pa.RecordBatch.from_pydict({"image_bytes": [f.read_bytes() for f in some]})
    for key, column in tool.compute_features(batch).items():
        short = key.removeprefix("image_bytes_")
        for file, value in zip(some, column.to_pylist()):
            found.setdefault(short, {})[file.name] = value
print("RESULT" + json.dumps({"measured": found, "seconds": used() - start}))
"""
BRAIN = """
import json, sys
import numpy as np
import fiftyone as fo
import fiftyone.brain as brain
given = np.load(sys.argv[2], allow_pickle=False)
start = used()
frames = fo.Dataset()
frames.add_samples([fo.Sample(filepath=f"{sys.argv[1]}/{name}") for name in given["names"]])
name = {sample.id: sample.filename for sample in frames}
exact = brain.compute_exact_duplicates(frames, progress=False)
near = brain.compute_near_duplicates(frames, embeddings=given["rows"], progress=False).neighbors_map
groups = [[name[str(one)], *(name[str(other)] for other in others)]
          for one, others in exact.items()]
groups += [[name[str(one)], *(name[str(other)] for other, _ in others)]
           for one, others in near.items()]
seconds = used() - start
frames.delete()
print("RESULT" + json.dumps({"faults": {}, "groups": groups, "seconds": seconds}))
"""
NAMES: dict[str, dict[str, str]] = {
    "cleanvision": {
        "under_exposed": "dark", "over_exposed": "light", "blurred": "blurry",
        "uniform": "low_information", "grayscale": "grayscale", "odd_aspect": "odd_aspect_ratio",
        "odd_size": "odd_size",
    },
    "dqm": {
        "under_exposed": "luminosity_low", "over_exposed": "luminosity_high",
        "blurred": "blur_low", "uniform": "entropy_low",
    },
    "brain": {},
}  # fmt: skip
"""Tool → fault of ours → its word for it; faults without one it has no word for."""


def run(
    tool: str, folder: Path, python: Path, clean: frozenset[str], features: Path
) -> dict[str, Any]:
    """Faults, groups of copies and CPU seconds.

    Args:
        clean: names of frames without a fault.
        features: .npz of `names` of the files and their `rows`.
    """
    code = USED + {"cleanvision": CLEANVISION, "dqm": DQM, "brain": BRAIN}[tool]
    done = subprocess.run(
        [str(python), "-c", code, str(folder), str(features)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    line = next(row for row in done.stdout.splitlines() if row.startswith("RESULT"))
    result: dict[str, Any] = json.loads(line.removeprefix("RESULT"))
    if tool == "dqm":
        result |= {"faults": _outside(result.pop("measured"), clean), "groups": []}
    return result


def _outside(measured: dict[str, dict[str, float]], clean: frozenset[str]) -> dict[str, list[str]]:
    """Frames below and above the range of the clean ones, by figure."""
    faults = {}
    for figure, values in measured.items():
        usual = [value for name, value in values.items() if name in clean]
        faults[f"{figure}_low"] = [n for n, v in values.items() if v < min(usual)]
        faults[f"{figure}_high"] = [n for n, v in values.items() if v > max(usual)]
    return faults
