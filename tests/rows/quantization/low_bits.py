"""QAT modules of other dtypes than symmetric int8: fewer bits, asymmetric ones, a user's own; int4 modules."""

from __future__ import annotations

from tests.harness import Code

from .modules import CONVERT, END, IMAGE, SETUP

CONV = "[M.QuantStub(), M.ConvRelu2d(4, 6, 3), M.Conv2d(6, 5, 1), M.DequantStub()]"
QCONFIG = (
    "QConfig(weight_observer=partial(Q.MinMaxObserver, dtype={weight}, mode=Q.QuantMode.{mode}), "
    "act_observer=partial(Q.MinMaxObserver, dtype={act}, mode=Q.QuantMode.{mode}), "
    "weight_fake_quant=partial(Q.{quantizer}, dtype={weight}), act_fake_quant=partial(Q.{quantizer}, dtype={act}))"
)
PARTIAL = "from functools import partial\nfrom megengine.core.tensor.dtype import QuantDtypeMeta\n"
OWN = 'own = QuantDtypeMeta("own", None, "{numpy}", {low}, {high})\n'
OWN_TYPES = {
    "int8": ("int8", -128, 127), "five-bits": ("int8", -16, 15),
    "uint8": ("uint8", 0, 255), "six-bits": ("uint8", 0, 63),
    "twelve-bits": ("int16", -2048, 2047), "sixteen-bits": ("int16", -32768, 32767),
}  # fmt: skip


def row(
    name: str, weight: str, act: str, mode: str = "SYMMERTIC", before: str = "", after: str = "",
    quantizer: str = "FakeQuantize",
) -> Code:  # fmt: skip
    qconfig = QCONFIG.format(weight=weight, act=act, mode=mode, quantizer=quantizer)
    setup = SETUP.format(modules=CONV, qconfig=qconfig, shape=IMAGE.shape)
    return Code("self.net(x)", IMAGE, init=PARTIAL + before + setup + after + END, id=name)


ROWS = [
    *(
        row(f"{weight}-weights-{act}", f"'{weight}'", f"'{act}'")
        for weight, act in (("qint4", "qint8"), ("qint4", "qint4"), ("qint8", "qint4"), ("qint2", "qint8"))
    ),
    *(
        row(f"asymmetric-{dtype}", f"'{dtype}'", f"'{dtype}'", "ASYMMERTIC")
        for dtype in ("qint8", "quint8", "quint4", "qint4")
    ),
    *(
        row(f"own-{name}", "own", "own", "ASYMMERTIC" if numpy[0] == "u" else "SYMMERTIC", before)
        for name, (numpy, low, high) in OWN_TYPES.items()
        for before in (OWN.format(numpy=numpy, low=low, high=high),)
    ),
    row("trained-4-bits", "'qint4'", "'qint4'", quantizer="TQT"),
    row("learned-4-bits", "'qint4'", "'qint8'", quantizer="LSQ"),
    row("int4-module", "'qint4'", "'qint8'", after=CONVERT),
]
