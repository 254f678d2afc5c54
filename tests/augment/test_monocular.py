"""Depth by tiny networks made here: an ONNX graph that reads brightness, a random DPT."""

from dataclasses import replace

import numpy as np
import pytest

from drawn_street import write_streets
from isthmus.augment.apply import augment_dataset
from isthmus.augment.depth import FAR, SKY, Geometry
from isthmus.augment.monocular import check_depth_source, estimated_depth
from isthmus.errors import InputError

GEOMETRY = Geometry(0.5, 0.9, 1.4)


@pytest.fixture(scope="module")
def brightness(tmp_path_factory):
    """An ONNX graph (1, 3, 96, 160) → (1, 96, 160): the mean of the channels."""
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node("ReduceMean", ["image", "axes"], ["depth"], keepdims=0)],
        "brightness",
        [helper.make_tensor_value_info("image", kind, [1, 3, 96, 160])],
        [helper.make_tensor_value_info("depth", kind, [1, 96, 160])],
        [helper.make_tensor("axes", onnx.TensorProto.INT64, [1], [1])],
    )
    opset = helper.make_opsetid("", 18)
    path = tmp_path_factory.mktemp("onnx") / "brightness.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=9), path)
    return f"onnx:{path}?scale=1/255"


def road() -> tuple[np.ndarray, np.ndarray]:
    """A picture whose brightness is the inverse of its depth, and that depth."""
    below = np.maximum(np.arange(96) + 0.5 - 48, 1.5)
    depth = np.repeat((0.9 * 160 * 1.4 / below)[:, None], 160, axis=1)
    depth[30:60, 40:60] = 10.0
    grey = 20 + 1200 / depth
    return np.repeat(grey[..., None], 3, axis=2).clip(0, 255).astype(np.uint8), depth


def test_inverse_depth_is_laid_upon_the_road(brightness):
    image, true = road()
    depth = estimated_depth(brightness, image, (), GEOMETRY)
    below = np.s_[60:]
    assert np.median(np.abs(depth[below] / true[below] - 1)) < 0.06
    assert depth[45, 50] == pytest.approx(10, rel=0.1)
    assert depth.dtype == np.float32
    assert depth.max() <= FAR


def test_metres_are_taken_as_they_are(brightness):
    image = np.full((96, 160, 3), 51, np.uint8)
    text = brightness.replace("scale=1/255", "scale=1/3&kind=metres")
    depth = estimated_depth(text, image, (), GEOMETRY)
    assert np.median(depth[depth < SKY]) == pytest.approx(17, rel=1e-3)


def test_a_picture_without_a_road_keeps_near_and_far(brightness):
    image = np.full((96, 160, 3), 90, np.uint8)
    image[60:] = np.linspace(200, 20, 36).astype(np.uint8)[:, None, None]
    depth = estimated_depth(brightness, image, (), GEOMETRY)
    assert np.isfinite(depth).all()
    assert depth[62, 80] < depth[94, 80]


def test_frames_without_maps_use_the_network(brightness, tmp_path):
    source = write_streets(tmp_path / "source", 2)
    first = replace(source.frames[0], depth=None, layers_digest="")
    both = replace(source, frames=(first, source.frames[1]))
    _, report = augment_dataset(both, "fog", tmp_path / "out", severity=3.0, depth=brightness)
    assert report.depth == {"map": 1, "network": 1}
    _, other = augment_dataset(both, "fog", tmp_path / "other", severity=3.0)
    assert other.depth == {"geometry": 1, "map": 1}


def test_depth_models_of_transformers_are_read_from_a_folder(tmp_path):
    transformers = pytest.importorskip("transformers")
    import torch

    torch.manual_seed(0)
    backbone = transformers.Dinov2Config(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, image_size=28, patch_size=14,
        out_features=["stage1", "stage2"], reshape_hidden_states=False,
    )  # fmt: skip
    config = transformers.DepthAnythingConfig(
        backbone_config=backbone, reassemble_hidden_size=16, reassemble_factors=[2, 1],
        neck_hidden_sizes=[8, 8], fusion_hidden_size=8, head_hidden_size=4, patch_size=14,
    )  # fmt: skip
    transformers.DepthAnythingForDepthEstimation(config).save_pretrained(tmp_path / "net")
    image, _ = road()
    text = f"hf:{tmp_path / 'net'}?size=56x28"
    depth = estimated_depth(text, image, (), GEOMETRY)
    assert depth.shape == (96, 160)
    assert np.isfinite(depth).all()
    assert np.array_equal(depth, estimated_depth(text, image, (), GEOMETRY))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("guess", "onnx:PATH"),
        ("onnx:missing.onnx", "no such file"),
        ("onnx:missing.onnx?kind=feet", "none of inverse, metres"),
        ("hf:missing-folder/", "no depth model"),
    ],
)
def test_what_gives_no_depth_is_named(text, words, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(InputError, match=words):
        check_depth_source(text)
