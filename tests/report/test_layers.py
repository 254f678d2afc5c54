"""Names of layers that fit, and layers that count as deep."""

from isthmus.report.layers import WIDEST, is_deep, short_names

PATH = "onnx:/data/projects/2026/perception/checkpoints/best/backbone_of_the_fleet.onnx"


def estimates(extractor: str, layers: list[str], kind: str = "semantic") -> list[dict[str, str]]:
    return [{"extractor": extractor, "layer": layer, "kind": kind} for layer in layers]


def test_a_long_path_gives_way_and_the_layer_shows() -> None:
    items = estimates(f"{PATH}#stem,neck", ["stem", "neck", "/model.22/cv3/cv3.2/Conv_output_0"])
    names = short_names(items)
    assert len(set(names.values())) == 3
    for (_, layer), name in names.items():
        assert len(name) <= WIDEST
        assert name.endswith(layer[-20:])
    assert names[f"{PATH}#stem,neck", "stem"].startswith("onnx:backbone_of_the_fleet.onnx")


def test_places_that_would_share_a_name_keep_their_own() -> None:
    items = [*estimates(f"{PATH}#a", ["a"]), *estimates(PATH.replace("best", "last") + "#a", ["a"])]
    names = short_names(items)
    assert len(set(names.values())) == 2
    assert short_names(estimates("compact", ["neck"])) == {("compact", "neck"): "compact · neck"}


def test_early_layers_of_a_network_are_not_deep() -> None:
    assert [is_deep({"deep": deep}) for deep in (True, False)] == [True, False]
    assert is_deep({})
