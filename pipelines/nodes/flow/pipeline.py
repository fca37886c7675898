"""A pipeline within a pipeline."""

from collections.abc import Mapping
from typing import Any

from pipelines.node import Context, Flow, PartName, param
from pipelines.nodes.flow.parts import PartsNode


class FlowPipeline(PartsNode):
    """Runs a pipeline inside this one. Its inputs and outputs become those of the node."""

    title = "Sub-pipeline"
    passes_streams = True
    part: PartName = param("", label="Part", help="What is run.", primary=True)

    async def run(self, ctx: Context, flow: Flow, given: Mapping[str, Any]) -> Mapping[str, Any]:
        return await flow.once(self.part, given)
