"""The cache: same rows whatever the order, the workers and the accidents."""

import hashlib
import logging
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from isthmus.compute.executor import SerialExecutor
from isthmus.compute.local import LocalExecutor
from isthmus.data.frame import Frame
from isthmus.data.images import write_png
from isthmus.errors import InputError
from isthmus.features.extractor import load_extractor
from isthmus.features.store import CHUNK, FeatureStore, extract_features

SPEC = "descriptors?size=40x32#colour,shape"
COUNT = CHUNK * 2 + 9


@dataclass
class Counting:
    """Mean colours, and how many images were asked for."""

    layers: tuple[str, ...] = ("mean",)
    fingerprint: str = "mean/1"
    size: tuple[int, int] = (8, 8)
    seen: int = 0
    runs_in_workers: bool = False

    def extract(self, batch):
        self.seen += len(batch)
        return {"mean": batch.mean((1, 2)).astype(np.float32)}


def make_frames(folder: Path, count: int = COUNT) -> list[Frame]:
    rng = np.random.default_rng(0)
    frames = []
    for i in range(count):
        path = folder / f"{i:03d}.png"
        write_png(path, rng.integers(0, 256, (36, 48, 3), dtype=np.uint8))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        frames.append(Frame(f"f{i}", path, 48, 36, digest, sequence=f"s{i // 30}"))
    return frames


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    return make_frames(tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="module")
def reference(frames):
    return extract_features(frames, load_extractor(SPEC))


def same(x, y):
    assert (x.ids, x.sequences, list(x.layers)) == (y.ids, y.sequences, list(y.layers))
    for layer, matrix in x.layers.items():
        assert np.array_equal(matrix, y.layers[layer])


def chunks(folder):
    return sorted(p for p in Path(folder).rglob("*.npz") if p.name[0] != ".")


def test_rows_follow_the_frames(frames, reference):
    assert reference.ids == tuple(frame.id for frame in frames)
    assert reference.sequences == tuple(frame.sequence for frame in frames)
    assert reference.kinds == {"colour": "colour and light", "shape": "shape"}
    assert reference.bounds == (0.0, 1.0)
    assert reference.problems == ()
    backwards = extract_features(frames[::-1], load_extractor(SPEC))
    same(backwards.select(range(COUNT - 1, -1, -1)), reference)


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_and_cache_change_nothing(frames, reference, tmp_path, workers):
    store = FeatureStore(tmp_path)
    done = []
    made = extract_features(
        frames,
        load_extractor(SPEC),
        store,
        executor=LocalExecutor(workers),
        progress=lambda *step: done.append(step),
    )
    same(made, reference)
    assert done == [(n, COUNT, "features") for n in (CHUNK, 2 * CHUNK, COUNT)]
    assert len(chunks(tmp_path)) == 3
    same(extract_features(frames, load_extractor(SPEC), store), reference)


def test_networks_decode_in_workers_and_run_here(frames):
    counting = Counting()
    made = extract_features(frames, counting, executor=LocalExecutor(2))
    assert counting.seen == COUNT
    same(made, extract_features(frames, Counting()))


def test_only_what_is_missing_is_computed(frames, tmp_path):
    store = FeatureStore(tmp_path)
    counting = Counting()
    extract_features(frames[:10], counting, store)
    extract_features(frames[5:20][::-1], counting, store)
    assert counting.seen == 20
    full = extract_features(frames[:20], counting, FeatureStore(tmp_path))
    assert counting.seen == 20
    same(full, extract_features(frames[:20], Counting()))


def test_equal_images_are_computed_once(frames):
    counting = Counting()
    twice = [*frames[:3], replace(frames[1], id="copy", sequence="other")]
    made = extract_features(twice, counting)
    assert counting.seen == 3
    assert made.ids == ("f0", "f1", "f2", "copy")
    assert np.array_equal(made.layers["mean"][1], made.layers["mean"][3])


def test_other_extractors_do_not_share_rows(frames, tmp_path):
    store = FeatureStore(tmp_path)
    extract_features(frames[:4], Counting(), store)
    for changed in ({"fingerprint": "mean/2"}, {"size": (4, 4)}):
        counting = Counting(**changed)
        extract_features(frames[:4], counting, store)
        assert counting.seen == 4


def test_another_decoder_does_not_share_rows(frames, tmp_path, monkeypatch):
    store = FeatureStore(tmp_path)
    extract_features(frames[:4], Counting(), store)
    monkeypatch.setattr("isthmus.features.store.DECODE_FINGERPRINT", "another")
    counting = Counting()
    extract_features(frames[:4], counting, store)
    assert counting.seen == 4


def spoil_truncated(path):
    path.write_bytes(path.read_bytes()[:-100])


def spoil_empty(path):
    path.write_bytes(b"")


def spoil_text(path):
    path.write_text("not a zip file")


def spoil_flipped(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x40
    path.write_bytes(bytes(content))


def spoil_renamed(path):
    path.rename(path.with_name("0" * 32 + ".npz"))


@pytest.mark.parametrize(
    "spoil", [spoil_truncated, spoil_empty, spoil_text, spoil_flipped, spoil_renamed]
)
def test_a_damaged_chunk_is_dropped_said_and_made_again(frames, tmp_path, caplog, spoil):
    store = FeatureStore(tmp_path)
    good = extract_features(frames, Counting(), store)
    spoil(chunks(tmp_path)[1])
    counting = Counting()
    with caplog.at_level(logging.WARNING, logger="isthmus"):
        again = extract_features(frames, counting, store)
    same(again, good)
    assert counting.seen in (CHUNK, COUNT - 2 * CHUNK)
    assert "damaged cache file" in caplog.text
    caplog.clear()
    extract_features(frames, counting, store)
    assert caplog.text == ""


def test_no_flipped_byte_gives_a_wrong_row(frames, tmp_path):
    store = FeatureStore(tmp_path)
    good = extract_features(frames[:4], Counting(), store)
    (chunk,) = chunks(tmp_path)
    content = chunk.read_bytes()
    for position in range(0, len(content), 7):
        spoiled = bytearray(content)
        spoiled[position] ^= 0xFF
        chunk.write_bytes(bytes(spoiled))
        same(extract_features(frames[:4], Counting(), store), good)
        for left in chunks(tmp_path):
            left.unlink()


KILLED = """
import sys, time
from isthmus.features.extractor import load_extractor
from isthmus.features import store
sys.path.insert(0, {here!r})
from test_store import make_frames, SPEC
from pathlib import Path
slow = store._vectors
delays = iter({delays!r})
store._vectors = lambda *a: (print("chunk", flush=True), time.sleep(next(delays, 0)), slow(*a))[2]
frames = make_frames(Path({images!r}))
store.extract_features(frames, load_extractor(SPEC), store.FeatureStore({cache!r}))
"""


def start(images, cache, delays=()):
    code = KILLED.format(
        here=str(Path(__file__).parent), images=str(images), cache=str(cache), delays=list(delays)
    )
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def test_a_killed_run_keeps_its_chunks(frames, reference, tmp_path):
    cache = tmp_path / "cache"
    process = start(tmp_path / "images", cache, [600])
    # Kill before the first of three chunks is written, then again before the third.
    process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert chunks(cache) == []
    process = start(tmp_path / "images", cache, [0, 0, 600])
    while len(chunks(cache)) < 2:
        time.sleep(0.01)
        assert process.poll() is None
    process.kill()
    process.wait()
    process.stdout.close()
    made = extract_features(frames, load_extractor(SPEC), FeatureStore(cache))
    same(made, reference)
    assert len(chunks(cache)) == 3


def test_parallel_writers_share_a_folder(frames, reference, tmp_path):
    cache = tmp_path / "cache"
    both = [start(tmp_path / f"images{i}", cache) for i in range(2)]
    for process in both:
        process.communicate()
        assert process.returncode == 0
    assert len(chunks(cache)) == 3
    counting = load_extractor(SPEC)
    same(extract_features(frames, counting, FeatureStore(cache)), reference)


def test_unreadable_frames_are_listed_and_left_out(frames, tmp_path):
    cut = tmp_path / "cut.png"
    cut.write_bytes(frames[0].image.read_bytes()[:200])
    broken = Frame("broken", cut, 48, 36, "a" * 64)
    absent = Frame("absent", tmp_path / "absent.png", 48, 36, "b" * 64)
    asked = [frames[0], broken, frames[1], absent]
    store = FeatureStore(tmp_path / "cache")
    for _ in range(2):  # a failure is not cached as success, nor does it spoil the cache
        made = extract_features(asked, Counting(), store)
        assert made.ids == ("f0", "f1")
        assert [p.path for p in made.problems] == [str(cut), str(absent.image)]
        assert {p.kind for p in made.problems} == {"unreadable-image"}
        assert all(p.severity == "skipped" and p.reason for p in made.problems)
    same(made, extract_features(frames[:2], Counting()))


def test_nothing_usable_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no frames"):
        extract_features([], Counting())
    absent = Frame("absent", tmp_path / "absent.png", 48, 36, "b" * 64)
    with pytest.raises(InputError, match="none of 1 image"):
        extract_features([absent], Counting())


class Spoiling(Counting):
    def extract(self, batch):
        values = super().extract(batch)["mean"]
        values[batch[:, 0, 0, 0] > 130] = np.nan
        return {"mean": values}


def test_rows_that_are_not_finite_are_left_out(frames, tmp_path):
    made = extract_features(frames, Spoiling(), FeatureStore(tmp_path))
    lost = COUNT - len(made)
    assert 0 < lost < COUNT
    assert len(made.problems) == lost
    assert "not finite" in made.problems[0].reason
    assert np.isfinite(made.layers["mean"]).all()


class Wrong(Counting):
    def extract(self, batch):
        return {"mean": np.zeros((1, 3), np.float32)}


def test_an_extractor_that_loses_rows_is_refused(frames):
    with pytest.raises(InputError, match=r"float32 \(4, d\)"):
        extract_features(frames[:4], Wrong())


@dataclass(frozen=True)
class Deadly:
    """Takes its process down at one image."""

    poison: int
    layers: tuple[str, ...] = ("mean",)
    fingerprint: str = "deadly"
    size: tuple[int, int] = (48, 36)
    runs_in_workers: bool = True

    def extract(self, batch):
        if os.environ.get("OWNER") != str(os.getpid()) and (batch[:, 0, 0, 0] == self.poison).any():
            os._exit(9)
        return {"mean": batch.mean((1, 2)).astype(np.float32)}


def test_an_image_that_kills_its_worker_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("OWNER", str(os.getpid()))
    frames = make_frames(tmp_path, CHUNK + 3)
    image = np.full((36, 48, 3), 7, np.uint8)
    image[0, 0] = 123
    write_png(frames[2].image, image)
    frames[2] = replace(frames[2], digest="c" * 64)
    poisoned = {i for i, f in enumerate(frames) if _corner(f) == 123}
    made = extract_features(frames, Deadly(123), executor=LocalExecutor(2))
    assert 2 in poisoned
    assert set(made.ids) == {f.id for i, f in enumerate(frames) if i not in poisoned}
    assert "died" in made.problems[0].reason
    assert len(extract_features(frames, Deadly(123), executor=SerialExecutor())) == len(frames)


def _corner(frame):
    from isthmus.data.images import read_rgb

    return int(read_rgb(frame.image)[0, 0, 0])


def test_a_file_that_another_process_is_writing_is_left_alone(frames, reference, tmp_path):
    store = FeatureStore(tmp_path)
    extractor = load_extractor("descriptors#colour,shape")
    extract_features(frames, extractor, store)
    chunk = next(tmp_path.rglob("*.npz"))
    half = chunk.with_name(f".tmp-0123-{chunk.name}")
    half.write_bytes(chunk.read_bytes()[:100])
    again = extract_features(frames, extractor, FeatureStore(tmp_path))
    assert half.exists()
    assert again.ids == reference.ids
