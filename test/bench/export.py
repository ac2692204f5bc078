"""Exports a sentence-transformers directory as one ONNX file for the rivals.

The exported graph does what Girih's `encode` entry does: token ids and mask in, pooled and normalised embedding out, with
batch and sequence free. So every engine is timed on the same work. The weights are stored in float32.
"""

import sys
from pathlib import Path

import torch
from transformers import AutoModel


class Encoder(torch.nn.Module):
    """BertModel, mean pooling over the mask, L2 normalisation: MiniLM's modules.json."""

    def __init__(self, directory):
        super().__init__()
        self.body = AutoModel.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager").eval()

    def forward(self, ids, mask):
        hidden = self.body(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = mask.unsqueeze(-1).to(hidden.dtype)
        pooled = (hidden * weight).sum(1) / weight.sum(1).clamp(min=1e-9)
        return torch.nn.functional.normalize(pooled, dim=-1)


def export(directory, output):
    """Writes `output` atomically, so that an interrupted export is never taken for a finished one."""
    ids = torch.ones(2, 9, dtype=torch.int64)
    batch, seq = torch.export.Dim("batch", min=1, max=4096), torch.export.Dim("seq", min=1, max=512)
    partial = Path(str(output) + ".partial")
    with torch.no_grad():
        torch.onnx.export(
            Encoder(directory).eval(), (ids, torch.ones_like(ids)), str(partial), dynamo=True, external_data=False,
            input_names=["ids", "mask"], output_names=["sentence_embedding"],
            dynamic_shapes={"ids": {0: batch, 1: seq}, "mask": {0: batch, 1: seq}})
    partial.rename(output)


if __name__ == "__main__":
    export(sys.argv[1], Path(sys.argv[2]))
