"""A torch encoder -> one ONNX file, which is then run and compared with the original."""

import logging
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from headstart.encoders._onnx import open_session
from headstart.errors import EncoderUnavailable

if TYPE_CHECKING:
    from headstart.encoders._torch import PooledModel

__all__ = ["export_onnx"]

logger = logging.getLogger(__name__)

_TOLERANCE = 1e-3  # of the largest feature; float32 noise is a thousand times smaller
_OPSET = 17
_DYNAMO_OPSET = 18  # the least that the newer exporter writes


def export_onnx(model: "PooledModel", path: Path) -> None:
    """Write the model, pooling included, as one ONNX file with dynamic batch and length.

    The older exporter (`dynamo=False`) comes first: onnxruntime fuses its attention blocks, it is four times
    quicker here. Where it fails, or gives other features than torch for other shapes than it was shown, the
    newer one is tried if its package onnxscript is installed. Raises EncoderUnavailable when none is right, OSError
    where the file cannot be written.
    """
    from headstart.encoders._torch import quiet

    model = model.float().eval()
    problems: list[str] = []
    for dynamo in (False, True):
        if problems:
            logger.warning("ONNX export of %s: %s; trying the newer exporter", path, problems[-1])
        if dynamo and find_spec("onnxscript") is None:
            problems.append("the newer exporter needs: pip install onnxscript")
            break
        try:
            with quiet():
                _write(model, path, dynamo)
            off = _difference(model, path)
        except OSError:  # a disk that is full, no fault of the model's
            path.unlink(missing_ok=True)
            raise
        except Exception as error:  # the exporters and onnxruntime raise whatever their parts raise
            problems.append(f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")
            continue
        finally:
            model.eval()  # the exporter restores the wrapper's former mode
        if off <= _TOLERANCE:
            return
        problems.append(f"features differ by {off:.2g} of the largest")
    path.unlink(missing_ok=True)
    raise EncoderUnavailable(
        f"This model ({type(model.model).__name__}) cannot be exported to ONNX, so no bundle can hold it: "
        f"{'; '.join(problems)}. Choose another encoder."
    )


def _write(model: "PooledModel", path: Path, dynamo: bool) -> None:
    import torch

    inputs = torch.tensor([[5, 6, 7, 8], [9, 4, 3, 3]]), torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]])
    names = ["input_ids", "attention_mask"]
    if dynamo:
        axes = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
        torch.onnx.export(
            model,
            inputs,
            str(path),
            dynamo=True,
            external_data=False,  # one file
            verbose=False,
            opset_version=_DYNAMO_OPSET,
            input_names=names,
            output_names=["features"],
            dynamic_shapes=dict.fromkeys(names, axes),
        )
        return
    shape = {0: "batch", 1: "tokens"}
    torch.onnx.export(
        model,
        inputs,
        str(path),
        dynamo=False,
        opset_version=_OPSET,
        input_names=names,
        output_names=["features"],
        dynamic_axes={"input_ids": shape, "attention_mask": shape, "features": {0: "batch"}},
    )


def _difference(model: "PooledModel", path: Path) -> float:
    """The largest difference between the file's features and torch's, as a share of the largest feature, over
    batches of other shapes than traced.
    """
    import torch

    session = open_session(path)
    longest = min(model.recipe.max_tokens, 40)  # past the windows and buckets of relative positions
    worst = np.float32(0)
    for shape in ((1, 1), (3, longest), (2, 3)):
        ids = torch.arange(shape[0] * shape[1]).view(shape) % 10
        mask = torch.ones_like(ids)
        mask[0, shape[1] - shape[1] // 3 :] = 0
        with torch.inference_mode():
            expected = model(ids, mask).numpy()
        found = session.run(None, {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})[0]
        scale = max(float(np.abs(expected).max()), 1e-6)
        worst = np.maximum(worst, np.abs(found - expected).max() / scale)  # unlike max(), keeps NaN
    return float(worst)
