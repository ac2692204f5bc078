"""One engine at one thread count in a process of its own.

The engines' thread pools spin after a run; in one process they would slow each other. So each lives in a process and waits on
its standard input while another is timed. Protocol, one JSON object a line: `{"batch", "seq", "repeats", "seed"}` in, `{"times_ms", "norm",
"values"}` out. The first line out says what the engine is.
"""

import json
import os
import sys
import time

import numpy as np


def open_ort(path, threads):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return ort.__version__, lambda ids, mask: session.run(None, {"ids": ids, "mask": mask})[0]


def open_openvino(path, threads):
    import openvino as ov

    core = ov.Core()
    model = core.compile_model(path, "CPU", {
        "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"})
    request = model.create_infer_request()
    return ov.__version__.split("-")[0], lambda ids, mask: request.infer({"ids": ids, "mask": mask}, share_inputs=True)[0]


def open_girih(path, threads):
    import girih

    model = girih.load(path, threads=threads)
    return girih.__version__, lambda ids, mask: model.encode(ids, mask)


ENGINES = {"girih": open_girih, "onnxruntime": open_ort, "openvino": open_openvino}


def inputs(batch, seq, seed):
    """Token ids of MiniLM's vocabulary; every third row is padded, as real batches are."""
    random = np.random.default_rng(seed)
    ids = random.integers(1000, 30000, size=(batch, seq), dtype=np.int64)
    mask = np.ones_like(ids)
    for row in range(2, batch, 3):
        mask[row, seq - seq // 4:] = 0
    return ids, mask


def main():
    engine, path, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    reply, sys.stdout = os.fdopen(os.dup(1), "w"), sys.stderr  # engines may print; the protocol stays clean
    begin = time.perf_counter()
    version, run = ENGINES[engine](path, threads)
    print(json.dumps({"engine": engine, "version": version, "open_s": time.perf_counter() - begin}), file=reply, flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        ids, mask = inputs(job["batch"], job["seq"], job["seed"])
        if engine == "girih":
            ids, mask = ids.astype(np.int32), mask.astype(np.int32)  # each engine gets its own integer type; no engine converts
        times = []
        for _ in range(job["repeats"]):
            begin = time.perf_counter()
            result = run(ids, mask)
            times.append((time.perf_counter() - begin) * 1e3)
        values = np.asarray(result, np.float64) if job.get("values") else None
        print(json.dumps({"times_ms": times, "values": None if values is None else values.tolist()}), file=reply, flush=True)


if __name__ == "__main__":
    main()
