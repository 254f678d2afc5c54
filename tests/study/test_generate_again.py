"""Corner cases are made anew where the source has changed, though files of before lie there."""

import numpy as np

from drawn_street import write_streets
from isthmus.compute.executor import SerialExecutor
from isthmus.data.depth import read_depth, write_depth_png
from isthmus.study.config import parse_study
from isthmus.study.run import Context, run_stages
from isthmus.study.stages import STAGES


def generated(folder):
    config = parse_study(
        {
            "name": "again",
            "source": {"name": "day", "path": folder / "day" / "coco.json"},
            "target": {
                "name": "fog",
                "path": folder / "fog" / "coco.json",
                "train": {"sequence": ["place-0000"]},
                "test": {"sequence": ["place-0001"]},
            },
            "generate": {"effects": ["fog"]},
        }
    )
    context = Context(config, folder / "run", SerialExecutor())
    run_stages(context, STAGES[:3])
    return context.documents["generate"]["effects"][0]["fingerprint"]


def test_a_source_with_other_depth_is_generated_from_anew(tmp_path):
    for name, first in (("day", 0), ("fog", 100)):
        write_streets(tmp_path / name, 8, (64, 48), first=first, in_sequence=4)
    before = generated(tmp_path)
    for path in sorted((tmp_path / "day" / "depth").iterdir()):
        write_depth_png(path, np.asarray(read_depth(path) * 0.5, np.float32))
    assert generated(tmp_path) != before
