from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.worker.models.conftest import tiny_model
from worker.models.cores import fitting
from worker.models.device import Device
from worker.models.text.llama import LlamaDecoder


@pytest.mark.parametrize(
    ("cores", "others", "threads"),
    [(2, 0.1, 2), (2, 0.9, 1), (2, 5.0, 1), (1, 0.0, 1), (8, 0.2, 8), (8, 3.0, 5), (64, 1.0, 16)],
)
def test_a_model_takes_the_cores_that_others_leave(cores: int, others: float, threads: int) -> None:
    assert fitting(cores, others) == threads


def test_results_are_the_same_on_any_number_of_cores(tmp_path: Path, exact: Device) -> None:
    tiny_model(tmp_path / "model")
    decoder = LlamaDecoder(tmp_path / "model", exact)
    before = torch.get_num_threads()
    results = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        prefill = decoder.begin([5, 6, 7])
        first = prefill.advance()
        assert first is not None
        decoder.join(prefill, 10)
        results.append(torch.stack([first, decoder.step([9])[0]]))
        decoder.leave(0)
    torch.set_num_threads(before)
    assert torch.equal(*results)
