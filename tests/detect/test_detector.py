"""The compact detector, the registry and files of weights."""

from __future__ import annotations

import pytest
import torch

from isthmus.detect.detector import build_detector, load_detector, save_detector
from isthmus.detect.train import weights_digest
from isthmus.errors import ConfigError, InputError

CLASSES = ("pedestrian", "vehicle")


@pytest.mark.parametrize(("height", "width"), [(64, 96), (50, 70), (17, 33)])
def test_any_size_gives_outputs_on_the_stride_4_grid(height, width):
    detector = build_detector("compact", CLASSES, seed=0, width=4, depth=0).eval()
    raw = detector.raw(torch.rand(2, 3, height, width))
    grid = (-(-height // 4), -(-width // 4))
    assert raw.heat.shape == (2, 2, *grid)
    assert raw.distance.shape == (2, 4, *grid)
    assert (raw.distance > 0).all()
    for found in detector.decode(raw, threshold=0.0):
        assert (found.boxes[:, 2] <= width).all()
        assert (found.boxes[:, 3] <= height).all()
        assert (found.scores[:-1] >= found.scores[1:]).all()


def test_same_seed_same_bytes_and_the_global_generator_is_untouched():
    before = torch.random.get_rng_state()
    first = build_detector("compact", CLASSES, seed=3)
    second = build_detector("compact", CLASSES, seed=3)
    other = build_detector("compact", CLASSES, seed=4)
    assert weights_digest(first) == weights_digest(second) != weights_digest(other)
    assert torch.equal(before, torch.random.get_rng_state()), "drawing weights must be local"


def test_named_levels_and_size_of_the_network():
    detector = build_detector("compact", CLASSES, seed=0, width=8).eval()
    levels = detector.features(torch.rand(1, 3, 64, 64))
    assert tuple(levels) == detector.levels == ("stem", "c1", "c2", "c3", "neck")
    assert [level.shape[-1] for level in levels.values()] == [32, 16, 8, 4, 16]
    assert 5e4 < sum(p.numel() for p in detector.parameters()) < 1e6


def test_file_round_trip_is_exact_and_reproducible(tmp_path):
    detector = build_detector("compact", CLASSES, seed=1, width=4)
    save_detector(tmp_path / "a.pt", detector, about={"arm": "x"})
    save_detector(tmp_path / "b.pt", detector, about={"arm": "x"})
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / "b.pt").read_bytes()
    loaded = load_detector(tmp_path / "a.pt")
    assert loaded.classes == CLASSES
    assert weights_digest(loaded) == weights_digest(detector)
    assert not loaded.training


class _Attack:
    def __reduce__(self):
        return (print, ("executed",))


def test_bad_files_of_weights_are_refused(tmp_path, capsys):
    good = tmp_path / "good.pt"
    save_detector(good, build_detector("compact", CLASSES, seed=1, width=4))
    cut = tmp_path / "cut.pt"
    cut.write_bytes(good.read_bytes()[:2000])
    text = tmp_path / "text.pt"
    text.write_text("no weights")
    listed = tmp_path / "list.pt"
    torch.save([1, 2], listed)
    foreign = tmp_path / "foreign.pt"
    torch.save({"weights": {}}, foreign)
    attack = tmp_path / "attack.pt"
    torch.save({"meta": _Attack()}, attack)
    for path in (cut, text, listed, foreign, attack, tmp_path / "missing.pt"):
        with pytest.raises(InputError, match=path.name):
            load_detector(path)
    assert "executed" not in capsys.readouterr().out


def test_wrong_requests_are_named():
    with pytest.raises(ConfigError, match="compact"):
        build_detector("resnet", CLASSES, seed=0)
    with pytest.raises(ConfigError, match="widht"):
        build_detector("compact", CLASSES, seed=0, widht=8)
    with pytest.raises(ConfigError, match="width 1000"):
        build_detector("compact", CLASSES, seed=0, width=1000)
    with pytest.raises(ConfigError, match="distinct"):
        build_detector("compact", ("a", "a"), seed=0)
