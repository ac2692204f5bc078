"""Linear layers on 8-bit integers in torch: what --dtype=int8 means, written down once more."""

import numpy as np
import torch
import transformers


class QuantizedLinear(torch.nn.Module):
    """Weights by output channel; rows by what each spans, or by `span`, the least and the greatest of all. The sums are exact, the rest is f64, rounded to
    the rows' type."""

    def __init__(self, weight, bias, span=None):
        super().__init__()
        self.bias = bias
        weight = weight.detach().to(torch.float32)
        self.scale = (weight.abs().amax(dim=1, keepdim=True).clamp(min=2.0**-100) / 127).to(torch.float64)
        self.values = torch.round(weight / self.scale).clamp(-128, 127).to(torch.float64)
        self.span = span

    def forward(self, rows):
        wide = rows.to(torch.float64)
        least, greatest = (wide.amin(-1, keepdim=True), wide.amax(-1, keepdim=True)) if self.span is None else torch.tensor(self.span, dtype=torch.float64)
        center = ((least + greatest) / 2).to(torch.float32).to(torch.float64)
        scale = (torch.maximum(greatest - center, center - least).clamp(min=2.0**-100) / 127).to(torch.float32).to(torch.float64)
        sums = torch.round((wide - center) / scale).clamp(-128, 127) @ self.values.T
        result = (sums * scale + center * self.values.sum(1)) * self.scale.T
        return (result if self.bias is None else result + self.bias.to(torch.float64)).to(rows.dtype)


def layers(model):
    """(name, layer) of every linear layer."""
    kinds = (torch.nn.Linear, transformers.pytorch_utils.Conv1D)
    return [(name, layer) for name, layer in model.named_modules() if isinstance(layer, kinds)]


def quantize(model, ranges=None):
    """Replaces every linear layer; `ranges` are the least and the greatest of what they read, by name."""
    for name, layer in layers(model):
        weight = layer.weight.T if isinstance(layer, transformers.pytorch_utils.Conv1D) else layer.weight
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, QuantizedLinear(weight, layer.bias, ranges and ranges[name]))
    return model


def ranges_of(model, *inputs):
    """The least and the greatest of what every linear layer reads, over runs with keyword arguments."""
    found = {}

    def look(name):
        def hook(_, arguments):
            least, greatest = found.get(name, (np.inf, -np.inf))
            found[name] = (min(least, arguments[0].min().item()), max(greatest, arguments[0].max().item()))
        return hook

    hooks = [layer.register_forward_pre_hook(look(name)) for name, layer in layers(model)]
    with torch.no_grad():
        for arguments in inputs:
            model(**{name: torch.tensor(np.asarray(value), dtype=torch.long) for name, value in arguments.items()})
    for hook in hooks:
        hook.remove()
    return found


def write_ranges(ranges, path):
    path.write_text("# girih ranges\n" + "".join(f"{name} {least:.9g} {greatest:.9g}\n" for name, (least, greatest) in ranges.items()))
    return path
