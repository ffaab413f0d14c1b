"""Networks for text, generators, point clouds, and ways of writing a network."""

from __future__ import annotations

from tests.harness import Network, X

TOKENS = X(1, 7, dtype="int32", high=20)

ROWS = [
    Network("language", "Bert()", (TOKENS, X(1, 7, dtype="int32", high=2), X(values=[[1, 1, 1, 1, 1, 0, 0]]))),
    Network("language", "Gpt()", (TOKENS,)),
    Network("language", "CausalAttention()", (X(1, 6, 12),)),
    Network("language", "Clip()", (X(2, 3, 32, 32), X(2, 8, dtype="int32", high=20)), batch="pairs"),
    Network("language", "LstmClassifier()", (TOKENS,)),
    Network("language", "LstmClassifier(num_layers=2, bidirectional=True)", (TOKENS,), id="LstmClassifier-both"),
    Network("language", "RnnTagger()", (X(1, 3, 4),)),
    Network("generative", "VqGan()", (X(1, 3, 17, 17),)),
    Network("generative", "DcGan()", (X(1, 12),)),
    Network("generative", "StyleGan()", (X(2, 8),), batch="the number of groups is dimension N"),
    Network("others", "PointNet()", (X(1, 3, 20),)),
    Network("others", "Neighbours()", (X(1, 3, 12),)),
    Network("others", "Opdefs()", (X(1, 6),)),
    Network("others", "Shared()", (X(3, 6),), batch="mixed"),
    Network("others", "Choices()", (X(2, 8), X(values=[[0, 2, 3], [7, 2, 1]], dtype="int32")), batch="mixed"),
    Network("others", "Trained()", (X(1, 3, 12, 12),)),
    Network("others", "Quantized()", (X(1, 3, 12, 12),)),
    Network("subtleties", "Atss()", (X(1, 4, 4, 6), X(1, 4, 2, 3)), batch="first"),
    Network("subtleties", "Arithmetic()", (X(2, 3), X(2, 3, dtype="int32")), batch="mixed"),
    Network("subtleties", "Reductions()", (X(1, 3, 4),), batch="mixed"),
    Network("subtleties", "Gates()", (X(1, 6), X(1, 3, 8, 8)), batch="mixed"),
    Network("baked", "Baked()", (X(1, 3, 8, 8),)),
]
