"""Training curves while they grow, in the tools that teams watch trainings with.

A new tool is a class with `add`, `close` and `check`, and a line in `TOOLS`. No figure of a study
depends on them.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from isthmus.errors import ConfigError, MissingExtraError

EVERY = 10
"""Steps between two points of a curve."""


class Curves(Protocol):
    """Where the curves of one training go."""

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Add a point to each curve; `step` counts from scratch."""
        ...

    def close(self) -> None:
        """Write what is left."""
        ...


class TensorBoard:
    """Event files in `folder`/`name`: ``tensorboard --logdir folder``."""

    def __init__(self, folder: Path, name: str) -> None:
        self.check()
        self._place = folder / name
        self._writer: object = None

    @staticmethod
    def check() -> None:
        """See `check_tools`."""
        try:
            import tensorboard  # noqa: F401
        except ImportError:
            raise MissingExtraError("curves for TensorBoard", "tensorboard") from None

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """See `Curves.add`; points from a run that was killed after `step` go."""
        from torch.utils.tensorboard import SummaryWriter

        if self._writer is None:
            self._writer = SummaryWriter(str(self._place), purge_step=step)
        assert isinstance(self._writer, SummaryWriter)
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """See `Curves.close`."""
        if self._writer is not None:
            self._writer.close()  # type: ignore[attr-defined]


class MLflow:
    """A run called `name` of the experiment "isthmus" at MLFLOW_TRACKING_URI."""

    def __init__(self, folder: Path, name: str) -> None:
        self._client, experiment = self._reached()
        self._run = self._client.create_run(experiment, run_name=name).info.run_id

    @classmethod
    def check(cls) -> None:
        """See `check_tools`."""
        cls._reached()

    @staticmethod
    def _reached() -> tuple[Any, str]:
        """The tracking server and the id of the experiment there, which is made if need be."""
        try:
            from mlflow.tracking import MlflowClient
        except ImportError:
            raise MissingExtraError("curves for MLflow", "mlflow") from None
        uri = os.environ.get("MLFLOW_TRACKING_URI")
        if not uri:
            raise ConfigError(
                "curves for MLflow: MLFLOW_TRACKING_URI is not set; set it to the address of the "
                "tracking server, such as http://localhost:5000"
            )
        reason: Exception | None = None
        for _ in range(2):
            try:
                client = MlflowClient(uri)
                known = client.get_experiment_by_name("isthmus")
                if known:
                    return client, str(known.experiment_id)
                # Trainings begin together: another process may make it in between.
                return client, str(client.create_experiment("isthmus"))
            except Exception as error:  # MLflow's own, and those of what carries its requests
                reason = error
        raise ConfigError(
            f"curves for MLflow: {uri} (MLFLOW_TRACKING_URI) cannot be used: {reason}"
        ) from reason

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """See `Curves.add`."""
        for name, value in values.items():
            self._client.log_metric(self._run, name, value, step=step)

    def close(self) -> None:
        """See `Curves.close`."""
        self._client.set_terminated(self._run)


TOOLS: dict[str, type[TensorBoard] | type[MLflow]] = {"tensorboard": TensorBoard, "mlflow": MLflow}
"""Name of a tool → what makes the curves of a training, of a folder and the training's name."""


def check_tools(tools: Sequence[str]) -> None:
    """Whether curves can be sent to `tools`, names in `TOOLS`.

    Raises:
        ConfigError: an unknown tool, or its server cannot be used.
        MissingExtraError: a tool that is not installed.
    """
    for tool in tools:
        _tool(tool).check()


def _tool(name: str) -> type[TensorBoard] | type[MLflow]:
    if name not in TOOLS:
        raise ConfigError(f"curves: {name!r} is none of {', '.join(TOOLS)}")
    return TOOLS[name]


class Several:
    """Curves that go to several tools, every `EVERY` steps and where a value stops being finite."""

    def __init__(self, curves: Sequence[Curves]) -> None:
        self._curves = curves

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """See `Curves.add`."""
        if step % EVERY and all(map(math.isfinite, values.values())):
            return
        for each in self._curves:
            each.add(step, values)

    def close(self) -> None:
        """See `Curves.close`."""
        for each in self._curves:
            each.close()


@contextlib.contextmanager
def curves_of(tools: Sequence[str], folder: Path, name: str) -> Iterator[Curves | None]:
    """The curves of the training `name` in all `tools`, closed at the end; None without tools.

    Raises:
        ConfigError: an unknown tool.
        MissingExtraError: a tool that is not installed.
    """
    if not tools:
        yield None
        return
    several = Several([_tool(tool)(folder / tool, name) for tool in tools])
    try:
        yield several
    finally:
        several.close()
