"""dqm-ml pipelines: embeddings in tables, folders of images, and what cannot be read."""

from __future__ import annotations

import copy
import io
import json
from pathlib import Path

import jsonschema
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

from isthmus.errors import ConfigError, InputError
from isthmus.gap import dqm, measure
from isthmus.study.dqm import SCHEMA, dqm_schema, measure_dqm
from isthmus.study.dqm_pipeline import read_pipeline
from isthmus.study.dqm_remarks import theirs

METRICS = [
    *("fid", "klmvn_diag", "mmd_linear", "mmd_rbf", "mmd_poly", "wasserstein_1d", "pad", "cmd"),
]


def save(path: Path, rows: np.ndarray, **columns: list) -> Path:
    kind = pa.list_(pa.float32())
    pq.write_table(pa.table({"embedding": pa.array(list(rows), kind), **columns}), path)
    return path


def job(place: Path, metrics: list[str], loaders: list[dict] | None = None, **distance) -> Path:
    loaders = loaders or [
        {"name": name, "type": "parquet", "path": f"{name}.parquet"} for name in ("day", "night")
    ]
    processors = [
        {
            "name": metric,
            "type": "domain_gap",
            "columns": {"input": ["embedding"]},
            "distance": {"metric": metric, **distance},
        }
        for metric in metrics
    ]
    path = place / "job.yaml"
    path.write_text(
        yaml.safe_dump({"dataloaders": {"loaders": loaders}, "gap": {"processors": processors}})
    )
    return path


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("dqm")
    rng = np.random.default_rng(0)
    save(place / "day.parquet", rng.normal(size=(40, 70)).astype(np.float32))
    save(place / "night.parquet", rng.normal(0.5, 1, size=(30, 70)).astype(np.float32))
    return place


def test_both_definitions_stand_side_by_side(place):
    found = measure_dqm(job(place, METRICS), root=place, permutations=99, workers=1)
    x, y = (
        np.stack(pq.read_table(place / f"{name}.parquet")["embedding"].to_numpy())
        for name in ("day", "night")
    )
    numbers = {row["request"]: row["dqm"]["value"] for row in found.document["rows"]}
    assert list(numbers) == METRICS
    for metric in METRICS:
        assert numbers[metric] == pytest.approx(getattr(dqm, metric)(x, y), rel=1e-6), metric
    rows = {row["request"]: row for row in found.document["rows"]}
    ours = measure(x, y, "mmd", kernel="rbf", permutations=99).to_json()
    assert rows["mmd_rbf"]["estimate"] == ours
    assert rows["mmd_rbf"]["dqm"]["remark"].startswith("blind: at gamma 1 ")
    assert rows["mmd_rbf"]["estimate"]["p_value"] == 0.01
    assert "without a column embedding_channels" in rows["cmd"]["dqm"]["remark"]
    assert "features after the first 64 of 70" in rows["wasserstein_1d"]["dqm"]["remark"]
    assert "30 frames leave 70 features" in rows["fid"]["dqm"]["remark"]
    assert all(row["dqm"]["remark"] for row in rows.values())
    assert found.skipped == 0


def test_options_of_the_pipeline_are_obeyed(place):
    path = job(place, ["mmd_rbf"], kernel_params={"gamma": "1e-2"})
    row = measure_dqm(path, root=place, permutations=99, workers=1).document["rows"][0]
    x, y = (
        np.stack(pq.read_table(place / f"{name}.parquet")["embedding"].to_numpy())
        for name in ("day", "night")
    )
    assert row["dqm"]["value"] == pytest.approx(dqm.mmd_rbf(x, y, gamma=0.01), rel=1e-6)
    assert row["dqm"]["remark"].startswith("biased: frames are compared with themselves")


def test_filters_and_splits_make_the_selections(tmp_path):
    rows = np.arange(48, dtype=np.float32)[:, None] + np.zeros((1, 2), np.float32)
    kinds = ["cat", "dog", "owl"] * 16
    save(tmp_path / "all.parquet", rows, kind=kinds, keep=[i < 36 for i in range(48)])
    loader = {
        "name": "zoo",
        "path": "all.parquet",
        "filters": [{"column": "keep", "values": [True]}],
        "split": {"by": "kind", "values": ["*"], "exclude": ["o*"]},
    }
    path = job(tmp_path, ["mmd_linear"], [loader])
    found = measure_dqm(path, root=tmp_path, permutations=99, workers=1)
    (row,) = found.document["rows"]
    assert (row["source"], row["target"]) == ("zoo_cat", "zoo_dog")
    assert (row["estimate"]["n"], row["estimate"]["m"]) == (12, 12)
    assert row["dqm"]["value"] == pytest.approx(2)  # every dog is one after its cat


def test_spatial_maps_are_read_by_their_channels(tmp_path):
    rng = np.random.default_rng(1)
    sides = [rng.normal(shift, 1, (20, 6)).astype(np.float32) for shift in (0, 1)]
    for name, side in zip(("day", "night"), sides, strict=True):
        save(tmp_path / f"{name}.parquet", side, embedding_channels=[2] * 20)
    path = job(tmp_path, ["cmd"], k=3)
    (row,) = measure_dqm(path, root=tmp_path, permutations=99, workers=1).document["rows"]
    maps = [side.reshape(20, 2, 3) for side in sides]
    assert row["dqm"]["value"] == pytest.approx(dqm.cmd(*maps, order=3), rel=1e-9)
    assert row["estimate"]["d"] == 2
    assert row["estimate"]["params"]["order"] == 3


def test_rows_that_are_no_embedding_are_left_out_and_counted(tmp_path):
    good = [[0.0, float(i)] for i in range(8)]
    kind = pa.list_(pa.float64())
    bad = [None, [1.0], [float("nan"), 0.0], [None, 1.0]]
    for name in ("day", "night"):
        table = pa.table({"embedding": pa.array(good + bad, kind)})
        pq.write_table(table, tmp_path / f"{name}.parquet")
    path = job(tmp_path, ["mmd_linear"])
    found = measure_dqm(path, root=tmp_path, permutations=99, workers=1)
    assert found.document["rows"][0]["estimate"]["n"] == 8
    assert [(p.kind, p.count) for p in found.problems] == [("bad-embedding", 4)] * 2
    assert found.skipped == 8


def picture(rng: np.random.Generator, level: int) -> bytes:
    pixels = np.clip(rng.integers(-20, 20, (48, 64, 3)) + level, 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def of_pictures(path: Path, column: str, prefix: str | None = None) -> Path:
    """The job in `path`, on embeddings that its pipeline would compute of an image column."""
    text = yaml.safe_load(path.read_text())
    text["gap"]["processors"][0]["columns"] = {"input": [f"{column}_embedding"]}
    text["features"] = {
        "processors": [
            {
                "type": "features_embeddings",
                "columns": {"input": [column]},
                "model": {"arch": "resnet18", "n_layer_feature": -2},
            }
        ]
    }
    if prefix is not None:
        for loader in text["dataloaders"]["loaders"]:
            loader["sample_path"] = [{"column": column, "prefix": prefix}]
    path.write_text(yaml.safe_dump(text))
    return path


def test_pictures_in_a_table_are_seen_by_our_extractors(tmp_path):
    rng = np.random.default_rng(2)
    for name, level in (("day", 180), ("night", 60)):
        pictures = [picture(rng, level) for _ in range(6)] + [b"no picture"]
        pq.write_table(pa.table({"image_bytes": pictures}), tmp_path / f"{name}.parquet")
    path = of_pictures(job(tmp_path, ["mmd_linear"]), "image_bytes")
    found = measure_dqm(path, root=tmp_path, permutations=99, workers=1)
    rows = {row["layer"]: row for row in found.document["rows"]}
    assert set(rows) == {"colour", "texture", "shape", "all"}
    assert rows["colour"]["features"] == "descriptors in place of resnet18, layer -2"
    assert rows["colour"]["estimate"]["n"] == 6
    assert [p.kind for p in found.problems] == ["unreadable-image"] * 2


@pytest.mark.parametrize("prefix", [None, "pictures/small"])
def test_paths_in_a_table_lead_to_the_same_features_as_bytes(tmp_path, prefix):
    rng = np.random.default_rng(4)
    home = tmp_path / (prefix or "")
    for name, level in (("day", 180), ("night", 60)):
        (home / name).mkdir(parents=True)
        pictures = [picture(rng, level) for _ in range(6)]
        for number, content in enumerate(pictures):
            (home / name / f"{number}.png").write_bytes(content)
        places = [f"{name}/{number}.png" for number in range(6)]
        table = pa.table({"image_bytes": pictures, "image_path": places})
        pq.write_table(table, tmp_path / f"{name}.parquet")
    rows = []
    for column in ("image_bytes", "image_path"):
        given = prefix if column == "image_path" else None
        path = of_pictures(job(tmp_path, ["mmd_linear"]), column, given)
        found = measure_dqm(path, root=tmp_path, permutations=99, workers=1)
        assert found.skipped == 0
        rows.append([{**row, "features": ""} for row in found.document["rows"]])
    assert rows[0] == rows[1]
    assert rows[0][0]["estimate"]["n"] == 6


def test_paths_in_a_table_that_lead_nowhere_or_out_are_listed(tmp_path):
    rng = np.random.default_rng(5)
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.png").write_bytes(picture(rng, 90))
    for number in range(5):
        (root / f"{number}.png").write_bytes(picture(rng, 120))
    places = [f"{number}.png" for number in range(5)] + ["gone.png", "../secret.png", None]
    for name in ("day", "night"):
        pq.write_table(pa.table({"image_path": places}), root / f"{name}.parquet")
    path = of_pictures(job(root, ["mmd_linear"]), "image_path")
    found = measure_dqm(path, root=root, permutations=99, workers=1)
    assert found.document["rows"][0]["estimate"]["n"] == 5
    reasons = [p.reason for p in found.problems if p.path.startswith(f"{root / 'day.parquet'}")]
    assert [p.path for p in found.problems][:3] == [
        f"{root / 'day.parquet'}, row {row}" for row in (5, 6, 7)
    ]
    assert "gone.png: no such file" in reasons[0]
    assert "leads out of" in reasons[1]
    assert reasons[2] == "column 'image_path' holds neither a path nor a picture"
    assert found.skipped == 6
    jsonschema.validate(found.document, dqm_schema())


def test_what_dqm_writes_is_what_the_schema_promises(place, tmp_path):
    schema = dqm_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["properties"]["schema"]["const"] == SCHEMA == schema["title"]
    assert schema["$id"] == "urn:isthmus:schema:dqm:1"
    path = job(place, [*METRICS, "mmd"])
    found = measure_dqm(path, root=place, permutations=99, workers=1)
    found.save(tmp_path / "dqm.json")
    document = json.loads((tmp_path / "dqm.json").read_text("utf-8"))
    jsonschema.validate(document, schema)
    row, described = document["rows"][0], schema["$defs"]
    assert set(row) == set(described["row"]["required"]) == set(described["row"]["properties"])
    assert set(row["estimate"]) == set(described["estimate"]["required"])
    assert set(row["dqm"]) == set(described["row"]["properties"]["dqm"]["required"])
    assert document["problems"]
    for spoil in (
        lambda d: d.update(version="3.x"),
        lambda d: d["rows"].clear(),
        lambda d: d["rows"][0].pop("layer"),
        lambda d: d["rows"][0]["dqm"].update(value="1"),
        lambda d: d["rows"][0]["estimate"].update(p_value=0),
        lambda d: d["problems"][0].update(severity="bad"),
    ):
        spoilt = copy.deepcopy(document)
        spoil(spoilt)
        assert not jsonschema.Draft202012Validator(schema).is_valid(spoilt)


def test_a_number_that_overflows_is_none_with_a_reason(tmp_path):
    (request,) = read_pipeline(job(tmp_path, ["mmd_poly"], degree=9)).requests
    x, y = np.random.default_rng(6).normal(0, 1e18, (2, 20, 3))
    found = theirs(request, "2.x", x, y)
    assert found.value is None
    assert "the features are too large for it" in found.reason


@pytest.mark.parametrize("ending", ["yaml", "json"])
def test_a_pipeline_of_the_first_version_compares_folders(tmp_path, ending):
    rng = np.random.default_rng(3)
    for name, level in (("c20", 180), ("c33", 60)):
        (tmp_path / name).mkdir()
        for number in range(5 if name == "c20" else 6):
            (tmp_path / name / f"{number}.png").write_bytes(picture(rng, level))
    data = {"source": "c20", "target": "c33", "batch_size": 32}
    model = {"arch": "resnet18", "n_layer_feature": -2}
    methods = {"MMD": {"name": "mmd", "kernel": "linear"}, "FID": {"name": "fid"}, "KLMVN": None}
    metrics = [
        {"metric_name": name, "method_config": {"DATA": data, "MODEL": model, "METHOD": method}}
        for name, method in methods.items()
    ]
    metrics.append({"metric_name": "sorcery", "method_config": {"DATA": data}})
    entries = [
        {"domain": "domain_gap", "metrics": metrics},
        {"domain": "completeness", "dataset": "x.csv"},
    ]
    path = tmp_path / f"pipeline.{ending}"
    values = {"pipeline_definition": entries} if ending == "yaml" else entries
    path.write_text(yaml.safe_dump(values) if ending == "yaml" else json.dumps(values))
    found = measure_dqm(path, root=tmp_path, permutations=99, workers=1)
    rows = {row["request"]: row for row in found.document["rows"] if row["layer"] == "colour"}
    assert list(rows) == ["MMD", "FID", "KLMVN"]
    assert rows["MMD"]["dqm"]["value"] is None
    assert "5 and 6 frames are not equally many" in rows["MMD"]["dqm"]["remark"]
    assert rows["FID"]["dqm"]["value"] > 0
    assert {(p.kind, p.severity) for p in found.problems} == {
        ("bad-request", "skipped"),
        ("other-domain", "note"),
    }


def test_what_cannot_be_read_is_listed_and_the_exit_status_says_so(place, capsys):
    from isthmus.cli import main

    text = yaml.safe_load(job(place, ["fid", "mmd", "wasserstein_1d"]).read_text())
    text["dataloaders"]["loaders"] += [
        {"name": "csv", "type": "csv", "path": "x.csv"},
        {"name": "away", "path": "../other.parquet"},
        {"name": "gone", "path": "gone.parquet"},
    ]
    (place / "part.yaml").write_text(yaml.safe_dump(text))
    with pytest.raises(SystemExit) as ended:
        main([
            "dqm", str(place / "part.yaml"), "--root", str(place), "--permutations", "99",
            "--workers", "1", "--json", str(place / "out.json"),
        ])  # fmt: skip
    said = capsys.readouterr()
    assert ended.value.code == 3
    assert "type 'csv': only parquet files are read" in said.err
    assert "leads out of" in said.err
    assert "gone.parquet: no such file" in said.err
    assert "unknown distance 'mmd'; known are mmd_linear, " in said.err
    assert "1 fid: biased upward" in said.out
    document = json.loads((place / "out.json").read_text("utf-8"))
    assert document["schema"] == "isthmus.dqm/1"
    assert len(document["rows"]) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: x", "not a pipeline of dqm-ml"),
        ("3", "not a pipeline of dqm-ml"),
        ("!!python/object/apply:os.system ['true']", "not YAML"),
    ],
)
def test_what_is_no_pipeline_is_refused(tmp_path, text, message):
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_pipeline(tmp_path / "p.yaml")


def test_a_pipeline_of_which_nothing_can_be_measured_is_an_error(tmp_path, place):
    with pytest.raises(InputError, match=r"nothing that it asks for can be measured: .*no such"):
        measure_dqm(job(tmp_path, ["fid"]), root=tmp_path, workers=1)
    path = job(place, ["fid"], epsilon="many")
    with pytest.raises(InputError, match="epsilon: a number from 0 to 1 is needed"):
        measure_dqm(path, root=place, workers=1)


def test_a_table_that_claims_too_many_values_is_not_unpacked(tmp_path, monkeypatch):
    from isthmus.study import dqm_tables

    save(tmp_path / "day.parquet", np.zeros((50, 4), np.float32))
    save(tmp_path / "night.parquet", np.zeros((50, 4), np.float32))
    monkeypatch.setattr(dqm_tables, "MOST_VALUES", 199)
    with pytest.raises(InputError, match="200 values in embedding"):
        measure_dqm(job(tmp_path, ["fid"]), root=tmp_path, workers=1)
