"""The fuzzer: whatever is done to a model file, what comes of it is a result or an error of ours.

    python -m tests.fuzz onnx tm --seconds 600 --seed 1

A **case** is the files of one model, main file first. `seeds` are right ones, `changes` makes them wrong, `judge` reads
a case, optimizes it and writes it with every backend in a process of `server`, which has limits of time and memory;
what is not allowed is a **finding**. Findings that were mended stay in `corpus`, which `test_corpus` replays.
"""
