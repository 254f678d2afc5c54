"""Tensors of ONNX graphs: real pretrained networks on real frames, and small made ones."""

import sys

import numpy as np
import pytest
import torch
from torch import nn

from isthmus.data.images import read_resized
from isthmus.errors import InputError, MissingExtraError
from isthmus.features.extractor import load_extractor
from isthmus.features.network import NetworkExtractor

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

SQUEEZE = "?size=227x227&mean=123,117,104&scale=1"


def frames(shared_data, size, n=6):
    folder = shared_data / "camvid" / "images" / "train"
    paths = sorted(folder.glob("0016E5*.jpg"))[: 8 * n : 8]
    return np.stack([read_resized(path, *size) for path in paths])


class Fire(nn.Module):
    def __init__(self, inside, squeezed, expanded):
        super().__init__()
        self.squeeze = nn.Conv2d(inside, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x):
        x = self.squeeze(x).relu()
        return torch.cat([self.expand1x1(x).relu(), self.expand3x3(x).relu()], 1)


def squeezenet(weights):
    def pool():
        return nn.MaxPool2d(3, 2, ceil_mode=True)

    net = nn.Module()
    net.features = nn.Sequential(
        nn.Conv2d(3, 96, 7, stride=2),
        nn.ReLU(),
        pool(),
        Fire(96, 16, 64),
        Fire(128, 16, 64),
        Fire(128, 32, 128),
        pool(),
        Fire(256, 32, 128),
        Fire(256, 48, 192),
        Fire(384, 48, 192),
        Fire(384, 64, 256),
        pool(),
        Fire(512, 64, 256),
    )
    net.classifier = nn.Sequential(nn.Dropout(), nn.Conv2d(512, 1000, 1), nn.ReLU())
    net.load_state_dict(torch.load(weights, weights_only=True))
    return net.features.float()


def test_real_network_agrees_with_torch(shared_data):
    folder = shared_data / "weights" / "squeezenet"
    spec = f"onnx:{folder / 'squeezenet1_0.onnx'}{SQUEEZE}#pool1,fire3,pool4,fire9"
    made = load_extractor(spec)
    batch = frames(shared_data, made.size)
    features = made.extract(batch)
    assert {k: v.shape[1] for k, v in features.items()} == {
        "pool1": 96,
        "fire3": 128,
        "pool4": 256,
        "fire9": 512,
    }
    peer = NetworkExtractor(
        squeezenet(folder / "squeezenet1_0_fp16.pth"),
        ["2", "4", "6", "12"],
        size=made.size,
        mean=(123, 117, 104),
        std=(1, 1, 1),
        scale=1,
    ).extract(batch)
    for mine, other in zip(features.values(), peer.values(), strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-3 * other.max())


def test_any_size_and_inner_tensors(shared_data):
    path = shared_data / "weights" / "squeezenet" / "squeezenet1_0.onnx"
    made = load_extractor(
        f"onnx:{path}?size=160x96&mean=123,117,104#/features.4/Relu_output_0,pool1"
    )
    features = made.extract(frames(shared_data, (160, 96), 2))
    assert features["/features.4/Relu_output_0"].shape == (2, 16)
    assert (features["/features.4/Relu_output_0"] >= 0).all()
    plain = load_extractor(f"onnx:{path}?size=160x96&mean=123,117,104#pool1")
    assert np.array_equal(
        plain.extract(frames(shared_data, (160, 96), 2))["pool1"], features["pool1"]
    )


def test_batches_do_not_matter(shared_data):
    path = shared_data / "weights" / "squeezenet" / "squeezenet1_0.onnx"
    one = load_extractor(f"onnx:{path}{SQUEEZE}#fire3")
    many = load_extractor(f"onnx:{path}{SQUEEZE}&batch=4#fire3")
    batch = frames(shared_data, one.size, 5)
    values = one.extract(batch)["fire3"]
    assert np.array_equal(one.extract(batch[4:])["fire3"], values[4:])
    np.testing.assert_allclose(many.extract(batch)["fire3"], values, rtol=1e-4, atol=1e-4)
    assert many.fingerprint == one.fingerprint


def test_a_detector_with_a_fixed_batch_and_size(shared_data):
    path = shared_data / "weights" / "fastestdet" / "FastestDet.onnx"
    made = load_extractor(f"onnx:{path}?scale=1/255&order=bgr#input.32,758")
    assert made.size == (352, 352)
    features = made.extract(frames(shared_data, made.size, 3))
    assert features["758"].shape == (3, 85)
    assert len(np.unique(features["758"][:, 0])) == 3
    with pytest.raises(InputError, match="352x352 only"):
        load_extractor(f"onnx:{path}?size=320x320")


def save(path, *, shape=("n", 3, "h", "w"), kind=onnx.TensorProto.FLOAT, external=None, inputs=1):
    """A graph that doubles its input, `inner`, and adds a weight to it, `out`."""
    from onnx import helper as make

    weight = onnx.numpy_helper.from_array(
        np.ones((1,), onnx.helper.tensor_dtype_to_np_dtype(kind)), "w"
    )
    graph = make.make_graph(
        [
            make.make_node("Add", ["x", "x"], ["inner"]),
            make.make_node("Add", ["inner", "w"], ["out"]),
        ],
        "g",
        [make.make_tensor_value_info(f"x{i or ''}", kind, shape) for i in range(inputs)],
        [make.make_tensor_value_info("out", kind, shape)],
        [weight],
    )
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=8)
    if external:
        onnx.save(model, path, save_as_external_data=True, location=external, size_threshold=0)
    else:
        onnx.save(model, path)
    return path


BATCH = np.random.default_rng(0).integers(0, 100, (3, 8, 10, 3), dtype=np.uint8)


def test_known_values(tmp_path):
    path = save(tmp_path / "a.onnx")
    features = load_extractor(f"onnx:{path}?size=10x8&scale=1&pool=mean+std#inner,out").extract(
        BATCH
    )
    means, spread = 2.0 * BATCH.mean((1, 2)), 2.0 * BATCH.std((1, 2))
    np.testing.assert_allclose(features["inner"], np.concatenate([means, spread], 1), rtol=1e-5)
    np.testing.assert_allclose(features["out"][:, :3], means + 1, rtol=1e-5)


def test_maps_are_the_tensor_where_it_is(tmp_path):
    path = save(tmp_path / "a.onnx", shape=(2, 3, 8, 10))  # a fixed batch: 3 images are filled up
    made = load_extractor(f"onnx:{path}?scale=1#inner")
    maps = made.extract_maps(BATCH)["inner"]
    np.testing.assert_allclose(maps, 2.0 * BATCH, rtol=1e-6)


def test_real_layers_have_maps_and_vectors_have_none(shared_data):
    path = shared_data / "weights" / "fastestdet" / "FastestDet.onnx"
    made = load_extractor(f"onnx:{path}?scale=1/255&order=bgr#input.32,758")
    batch = frames(shared_data, made.size, 2)
    maps, pooled = made.extract_maps(batch), made.extract(batch)
    for name, value in maps.items():
        np.testing.assert_allclose(value.mean(axis=(1, 2)), pooled[name], atol=1e-4)
    assert maps["input.32"].shape[1:3] == (88, 88)


def test_outputs_are_the_default(tmp_path):
    assert load_extractor(f"onnx:{save(tmp_path / 'a.onnx')}").layers == ("out",)
    assert load_extractor(f"onnx:{tmp_path / 'a.onnx'}").size == (224, 224)


@pytest.mark.parametrize("kind", [onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE])
def test_other_float_types(tmp_path, kind):
    made = load_extractor(f"onnx:{save(tmp_path / 'a.onnx', kind=kind)}?size=10x8&scale=1")
    np.testing.assert_allclose(made.extract(BATCH)["out"], 2 * BATCH.mean((1, 2)) + 1, rtol=1e-3)


def test_a_fixed_batch_is_filled_up(tmp_path):
    path = save(tmp_path / "a.onnx", shape=(2, 3, 8, 10))
    made = load_extractor(f"onnx:{path}?scale=1")
    assert made.size == (10, 8)
    np.testing.assert_allclose(made.extract(BATCH)["out"], 2 * BATCH.mean((1, 2)) + 1, rtol=1e-5)


def test_channels_last_is_recognised(tmp_path):
    path = save(tmp_path / "a.onnx", shape=("n", 8, 10, 3))
    made = load_extractor(f"onnx:{path}?scale=1")
    assert made.size == (10, 8)
    # Tensors are (n, c, h, w) by convention; this graph has no convolution that would make it so.
    expected = 2 * BATCH.mean((2, 3)) + 1
    np.testing.assert_allclose(made.extract(BATCH)["out"], expected, rtol=1e-5)


def test_weights_beside_the_graph_count(tmp_path):
    path = save(tmp_path / "a.onnx", external="a.weights")
    made = load_extractor(f"onnx:{path}?size=10x8&scale=1#inner,out")
    np.testing.assert_allclose(made.extract(BATCH)["out"], 2 * BATCH.mean((1, 2)) + 1, rtol=1e-5)
    (tmp_path / "a.weights").write_bytes(np.array([5], np.float32).tobytes())
    other = load_extractor(f"onnx:{path}?size=10x8&scale=1#inner,out")
    assert other.fingerprint != made.fingerprint
    np.testing.assert_allclose(other.extract(BATCH)["out"], 2 * BATCH.mean((1, 2)) + 5, rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("#otu", "did you mean 'out'? Available: out, inner"),
        ("?sise=10x10", "did you mean 'size'"),
        ("?mean=a", "mean=a"),
        ("?pool=median", "pool=median"),
    ],
)
def test_wrong_options_say_what_is_wrong(tmp_path, options, words):
    with pytest.raises(InputError) as caught:
        load_extractor(f"onnx:{save(tmp_path / 'a.onnx')}{options}")
    assert words in str(caught.value)


def test_unusable_files_say_why(tmp_path):
    (tmp_path / "text.onnx").write_text("no network")
    (tmp_path / "empty.onnx").write_bytes(b"")
    whole = save(tmp_path / "a.onnx").read_bytes()
    (tmp_path / "cut.onnx").write_bytes(whole[: len(whole) // 2])
    for name in ("text.onnx", "empty.onnx", "cut.onnx"):
        with pytest.raises(InputError, match="not a usable ONNX file"):
            load_extractor(f"onnx:{tmp_path / name}")
    with pytest.raises(InputError, match="is a folder"):
        load_extractor(f"onnx:{tmp_path}#a")


@pytest.mark.parametrize(
    "wrong",
    [
        {"shape": ("n", 3)},
        {"shape": ("n", 1, 8, 8)},
        {"kind": onnx.TensorProto.INT32},
        {"inputs": 2},
    ],
)
def test_graphs_that_take_no_images_are_refused(tmp_path, wrong):
    with pytest.raises(InputError, match="the graph takes x"):
        load_extractor(f"onnx:{save(tmp_path / 'a.onnx', **wrong)}")


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_a_missing_package_is_named(tmp_path, monkeypatch, package):
    path = save(tmp_path / "a.onnx")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf"package {package}\).*isthmus\[onnx\]"):
        load_extractor(f"onnx:{path}")
