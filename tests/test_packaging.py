"""What installs jinmaek: manifests that Kubernetes takes, least privileges in them, true documents."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from jinmaek.cli import agent
from jinmaek.cli.main import COMMANDS, Parser

ROOT = Path(__file__).parents[1]
MANIFEST = ROOT / "packaging" / "kubernetes" / "daemonset.yaml"
NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
POD_FIELDS = {
    "serviceAccountName", "automountServiceAccountToken", "hostPID", "hostNetwork", "dnsPolicy",
    "priorityClassName", "tolerations", "terminationGracePeriodSeconds", "containers", "volumes",
}  # fmt: skip
CONTAINER_FIELDS = {
    "name", "image", "args", "env", "ports", "livenessProbe", "resources", "securityContext", "volumeMounts",
}  # fmt: skip
"""Of core/v1 PodSpec and Container, those used here: a typo is a field nobody knows."""


@pytest.fixture(scope="module")
def objects() -> dict[str, dict[str, Any]]:
    found = {one["kind"]: one for one in yaml.safe_load_all(MANIFEST.read_text())}
    assert set(found) == {"ServiceAccount", "DaemonSet", "PodMonitor"}
    return found


@pytest.fixture(scope="module")
def pod(objects: dict[str, dict[str, Any]]) -> dict[str, Any]:
    spec: dict[str, Any] = objects["DaemonSet"]["spec"]["template"]["spec"]
    return spec


def test_objects_that_belong_together(objects: dict[str, dict[str, Any]]) -> None:
    for one in objects.values():
        assert NAME.fullmatch(one["metadata"]["name"])
        assert one["apiVersion"]
    spec = objects["DaemonSet"]["spec"]
    assert objects["DaemonSet"]["apiVersion"] == "apps/v1"
    wanted = spec["selector"]["matchLabels"]
    assert wanted.items() <= spec["template"]["metadata"]["labels"].items()
    assert objects["PodMonitor"]["spec"]["selector"]["matchLabels"] == wanted
    assert objects["ServiceAccount"]["metadata"]["name"] == spec["template"]["spec"]["serviceAccountName"]


def test_it_sees_the_host_and_may_do_no_more_than_read(pod: dict[str, Any]) -> None:
    assert set(pod) == POD_FIELDS
    assert pod["hostPID"] is True
    assert pod["hostNetwork"] is True
    assert pod["automountServiceAccountToken"] is False
    (container,) = pod["containers"]
    assert set(container) == CONTAINER_FIELDS
    security = container["securityContext"]
    assert security["privileged"] is False
    assert security["allowPrivilegeEscalation"] is False
    assert security["readOnlyRootFilesystem"] is True
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert security["capabilities"]["drop"] == ["ALL"]
    assert set(security["capabilities"]["add"]) == {"DAC_READ_SEARCH", "SYS_PTRACE", "SYSLOG"}
    assert "memory" in container["resources"]["limits"]


def test_every_mount_has_its_volume_and_only_the_recording_is_writable(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    volumes = {one["name"]: one for one in pod["volumes"]}
    mounts = {one["name"]: one for one in container["volumeMounts"]}
    assert set(volumes) == set(mounts)
    for name, mount in mounts.items():
        if "hostPath" in volumes[name] and name != "recording":
            assert mount["readOnly"] is True
    assert volumes["recording"]["hostPath"]["path"] == mounts["recording"]["mountPath"] == "/var/lib/jinmaek"
    assert volumes["sys"]["hostPath"]["path"] == mounts["sys"]["mountPath"] == "/sys"


def test_its_arguments_are_options_of_the_agent(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    command, *words = (word.replace("$(HOST_IP)", "10.0.0.7") for word in container["args"])
    assert command in COMMANDS
    parser = Parser(prog="jinmaek agent")
    agent.build(parser)
    args = parser.parse_args(words)
    assert args.listen == "10.0.0.7:9876"
    assert args.token_file == "/etc/jinmaek/token"
    ports = {one["name"]: one["containerPort"] for one in container["ports"]}
    assert ports == {"metrics": 9876}
    assert container["livenessProbe"]["tcpSocket"]["port"] in ports


def test_the_units_arguments_are_options_of_the_agent() -> None:
    unit = (ROOT / "systemd" / "jinmaek-agent.service").read_text()
    (line,) = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    words = shlex.split(line)
    assert words[:3] == ["/usr/bin/env", "jinmaek", "agent"]
    parser = Parser(prog="jinmaek agent")
    agent.build(parser)
    parser.parse_args([word for word in words[3:] if word != "$JINMAEK_AGENT"])


def test_the_install_page_names_what_there_is() -> None:
    text = (ROOT / "docs" / "install.md").read_text()
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for brought in re.findall(r"jinmaek\[([a-z,]+)\]", text):
        assert set(brought.split(",")) <= set(extras)
    for option in re.findall(r"jinmaek agent ((?:--?[^\n]+))", text):
        parser = Parser(prog="jinmaek agent")
        agent.build(parser)
        parser.parse_args(shlex.split(option))
    for path in re.findall(r"`((?:packaging|systemd)/[^`]*[^/`])`", text):
        assert (ROOT / path).exists(), path
    assert not re.search(r"\b(apt|dpkg|dnf|yum|rpm)\b", text)
    (config,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert yaml.safe_load(config)["scrape_configs"][0]["job_name"] == "jinmaek"
