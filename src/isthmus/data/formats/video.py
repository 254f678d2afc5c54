"""Video files (extra `video`: PyAV), and folders of them: frames at even distances in time.

A frame is the first that is shown at or after each multiple of the distance, counted from the
video's beginning: one a second unless `sample_video` is told otherwise. Frames are kept as PNG
(another lossy encoding would be a domain gap of its own) in a folder a video, which is the
sequence; see `unpacked` for where.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from isthmus.data.dataset import Dataset
from isthmus.data.decoding import MAX_PIXELS
from isthmus.data.formats.locate import Roots
from isthmus.data.formats.reading import Reading
from isthmus.data.formats.records import ImageCheck, Record
from isthmus.data.formats.unpacked import unpack_folder
from isthmus.data.images import write_png
from isthmus.errors import InputError, MissingExtraError

SUFFIXES = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".ts", ".mxf")
EVERY_S = 1.0
MAX_FRAMES = 1_000_000


class Video:
    """Reader of video files."""

    name = "video"

    def detect(self, path: Path) -> bool:
        """A video by its ending, or a folder with some and no folder of images beside them."""
        return bool(_videos(path))

    def read(self, path: Path, *, images: Path | None, check: ImageCheck) -> Dataset:
        """See `Format.read`."""
        videos = _videos(path)
        if not videos:
            raise InputError(f"{path}: no video here (endings: {' '.join(SUFFIXES)})")
        folder = unpack_folder(path, images)
        reading = Reading(path, Roots(folder, folder))
        for video in videos:
            try:
                frames = sample_video(video, folder / video.stem)
            except InputError as error:
                reading.listed += 1
                reason = str(error).removeprefix(f"{video}: ")
                reading.log.add(video, "unreadable-image", reason)
                continue
            for index, image in enumerate(frames):
                reading.listed += 1
                name = f"{video.stem}/{image.name}"
                reading.add(Record(name, image, video, sequence=video.stem, order=index), name)
        return reading.dataset(path.resolve().stem, check)


def _videos(path: Path) -> list[Path]:
    if path.is_file():
        return [path] if path.suffix.lower() in SUFFIXES else []
    try:
        found = sorted(path.iterdir())
    except OSError:
        return []
    return [f for f in found if f.suffix.lower() in SUFFIXES and f.is_file()]


def sample_video(video: Path, folder: Path, *, every_s: float = EVERY_S) -> list[Path]:
    """Write a video's frames at distances of `every_s` seconds as PNG; returns the files.

    A file is named by the frame's time in milliseconds; one that is there stays.

    Raises:
        InputError: the video cannot be decoded, or a frame is larger than an image may be.
        MissingExtraError: PyAV is not installed.
    """
    try:
        import av
    except ImportError:
        raise MissingExtraError("reading video files", "video") from None
    if not every_s > 0:
        raise InputError(f"{every_s}: the distance between frames must be above 0 seconds")
    step = Fraction(every_s).limit_denominator(1_000_000)
    files: list[Path] = []
    try:
        with av.open(str(video)) as container:
            if not container.streams.video:
                raise InputError(f"{video}: holds no picture")
            stream = container.streams.video[0]
            stream.thread_type = "NONE"  # threads may give frames in another order
            if stream.width * stream.height > MAX_PIXELS:
                raise InputError(f"{video}: frames of more than {MAX_PIXELS / 1e6:g} megapixels")
            first: Fraction | None = None
            due = Fraction(0)
            for frame in container.decode(stream):
                first, time = _time(frame, first)
                if time is None or time < due:
                    continue
                due = (time // step + 1) * step
                file = folder / f"{int(time * 1000):09d}.png"
                if not file.is_file():
                    write_png(file, frame.to_ndarray(format="rgb24"))
                files.append(file)
                if len(files) >= MAX_FRAMES:
                    raise InputError(f"{video}: more than {MAX_FRAMES} frames to be taken")
    except InputError:
        raise
    except (av.error.FFmpegError, ValueError, OSError) as error:
        taken = f"; {len(files)} frames were taken before" if files else ""
        raise InputError(f"{video}: cannot be decoded ({error}){taken}") from error
    if not files:
        raise InputError(f"{video}: holds no frame")
    return files


def _time(frame: Any, first: Fraction | None) -> tuple[Fraction | None, Fraction | None]:
    """(time of the first frame, this frame's time after it in seconds); None where unknown."""
    if frame.pts is None or frame.time_base is None:
        return first, None
    shown = frame.pts * Fraction(frame.time_base)
    begun = shown if first is None else first
    return begun, shown - begun
