"""`diffusion` with a tiny pipeline of random weights in the format of real ones."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
import torch

from isthmus.augment.translate import diffusion
from isthmus.augment.translate.control import control_map, depth_map, edges_map
from isthmus.augment.translate.prompts import PROMPTS, prompt_for
from isthmus.augment.translate.run import translate_and_audit
from isthmus.augment.translate.translator import build_translator
from isthmus.data.images import read_rgb
from isthmus.errors import ConfigError, InputError

SMALL = {"steps": 2, "longest": 32, "prompt": "night"}


def tiny_pipeline(folder, kind):
    """A Stable Diffusion of a few thousand weights, saved as users find theirs."""
    diffusers = pytest.importorskip("diffusers")
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    letters = [chr(c) for c in range(33, 127)]
    words = [*letters, *(f"{c}</w>" for c in letters), "<|startoftext|>", "<|endoftext|>"]
    folder.mkdir()
    (folder / "vocab.json").write_text(json.dumps({w: i for i, w in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = transformers.CLIPTokenizer(
        str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=16
    )
    config = transformers.CLIPTextConfig(
        vocab_size=len(words), hidden_size=8, intermediate_size=16, num_hidden_layers=1,
        num_attention_heads=2, max_position_embeddings=16, bos_token_id=len(words) - 2,
        eos_token_id=len(words) - 1, pad_token_id=len(words) - 1,
    )  # fmt: skip
    unet = diffusers.UNet2DConditionModel(
        sample_size=8, in_channels=8 if kind == "edit" else 4, block_out_channels=(8, 8),
        layers_per_block=1, norm_num_groups=4, cross_attention_dim=8, attention_head_dim=4,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    )  # fmt: skip
    parts = {
        "vae": diffusers.AutoencoderKL(
            block_out_channels=(8, 8), norm_num_groups=4, latent_channels=4, sample_size=16,
            down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        ),
        "text_encoder": transformers.CLIPTextModel(config),
        "tokenizer": tokenizer,
        "unet": unet,
        "scheduler": diffusers.DDIMScheduler(),
        "safety_checker": None,
        "feature_extractor": None,
        "requires_safety_checker": False,
    }  # fmt: skip
    names = {"image": "StableDiffusionPipeline", "control": "StableDiffusionControlNetPipeline",
             "edit": "StableDiffusionInstructPix2PixPipeline"}  # fmt: skip
    if kind == "control":
        parts["controlnet"] = diffusers.ControlNetModel.from_unet(
            unet, conditioning_embedding_out_channels=(4, 4)
        )
    getattr(diffusers, names[kind])(**parts).save_pretrained(folder / "pipeline")
    return folder / "pipeline"


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory):
    """Kind → folder of a tiny pipeline, made when it is asked for."""
    made = {}

    def get(kind):
        if kind not in made:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                made[kind] = tiny_pipeline(tmp_path_factory.mktemp("hub") / kind, kind)
        return made[kind]

    return get


@pytest.fixture(scope="module")
def street(tmp_path_factory, streets):
    return streets(tmp_path_factory.mktemp("sets") / "day", 1, 0, 1.0)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["image", "control", "edit"])
def test_every_kind_translates_by_seed_name_and_prompt(kind, pipelines, street):
    image = read_rgb(street.frames[0].image)
    folder = pipelines(kind)
    translator = build_translator("diffusion", folder, **SMALL)
    assert translator.kind == kind
    made = translator.transform(image, "a")
    assert made.shape == image.shape
    assert made.dtype == np.uint8
    assert not np.array_equal(made, image)
    assert np.array_equal(made, translator.transform(image, "a"))
    assert not np.array_equal(made, translator.transform(image, "b"))
    other = build_translator("diffusion", folder, **{**SMALL, "prompt": "snow"})
    assert other.fingerprint != translator.fingerprint
    assert not np.array_equal(made, other.transform(image, "a"))


@pytest.mark.filterwarnings("ignore")
def test_strength_says_how_far_to_go(pipelines, street):
    image = read_rgb(street.frames[0].image)
    options = {**SMALL, "steps": 10}
    weak, strong = (
        build_translator("diffusion", pipelines("image"), **options, strength=s)
        .transform(image, "a")
        .astype(float)
        for s in (0.1, 1.0)
    )
    assert not np.array_equal(weak, strong)
    with pytest.raises(ConfigError, match=r"strength 1\.5"):
        build_translator("diffusion", pipelines("image"), **options, strength=1.5)


@pytest.mark.filterwarnings("ignore")
def test_a_data_set_is_translated_and_audited(tmp_path, pipelines, street):
    made, audit = translate_and_audit(
        street, tmp_path, diffusion=pipelines("image"), condition="night", strength=0.2
    )
    assert audit.frames == 1
    assert sum(audit.boxes.values()) == 2
    assert (tmp_path / "audit.json").is_file()
    assert all(f.attributes["look"] == "diffusion" for f in made)


@pytest.mark.filterwarnings("ignore")
def test_weights_are_digested_once(pipelines, monkeypatch):
    translator = build_translator("diffusion", pipelines("image"), **SMALL)
    read = []
    monkeypatch.setattr(diffusion, "file_digest", lambda path: read.append(path) or "0")
    assert translator.fingerprint == translator.fingerprint
    assert len(read) == len(set(read)) > 0


def test_weights_other_than_safetensors_are_refused(tmp_path):
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"x")
    (tmp_path / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    with pytest.raises(InputError, match=r"diffusion_pytorch_model\.bin: weights are read from"):
        build_translator("diffusion", tmp_path, condition="fog")


@pytest.mark.parametrize("index", ['{"_class_name": ["pipeline", "Mine"]}', "[]", "{}"])
def test_pipelines_with_code_of_their_own_are_refused(tmp_path, index):
    (tmp_path / "model_index.json").write_text(index)
    with pytest.raises(ConfigError, match="cannot be used"):
        build_translator("diffusion", tmp_path, condition="fog")
    (tmp_path / "model_index.json").unlink()
    with pytest.raises(InputError, match=r"model_index\.json: no such file"):
        build_translator("diffusion", tmp_path, condition="fog")


def test_prompts():
    assert "dash camera" in prompt_for("fog", None, instruct=False)
    assert prompt_for("fog", None, instruct=True) == PROMPTS["fog"].edit
    assert prompt_for("fog", "my own", instruct=True) == "my own"
    with pytest.raises(ConfigError, match="no prompt for it; one of fog"):
        prompt_for("earthquake", None, instruct=False)


def test_control_maps(street):
    image = read_rgb(street.frames[0].image)
    depth = depth_map(np.array([[1.0, 2.0], [4.0, 1000.0]], np.float32))
    assert depth[..., 0].tolist() == [[255, 127], [64, 0]]
    edges = edges_map(image)
    assert set(np.unique(edges)) == {0, 255}
    assert 0.05 < (edges > 0).mean() <= 0.13
    assert (edges_map(np.full((40, 40, 3), 90, np.uint8)) == 0).all()
    known = control_map("depth", image, street.frames[0])
    assert known.shape == image.shape
    assert known[60].mean() > known[5].mean()  # the road ahead is nearer than the sky
    with pytest.raises(InputError, match="no map of classes"):
        control_map("classes", image, street.frames[0])
    with pytest.raises(ConfigError, match="unknown"):
        control_map("poses", image)
