"""Which kind a message is of: by a phrase in it, else by the place that says it, else by the class of the error.

A phrase says more than a place: of all phrases in a message the longest holds. A place is a part of the file's path;
the first that fits holds.
"""

from __future__ import annotations

from .collect import Message

PHRASES: dict[int, tuple[str, ...]] = {
    101: ("no such command", "no command given", "is no option here", "is no option of", "no option of the",),
    103: (
        "--weight-int8 exclude each other", "ask for different things", "both say", "both enabled and disabled",
        "are given, expected one of", "there is one precision", "expected either", "contradicts that",
    ),
    104: (
        "would be ignored", "nothing would use it", "nothing is written without", "and none is written",
        "is of what --", "is of --softmax", "asks for nothing else", "is of --proof", "gives all arguments",
        "nothing is looked for", "no pass runs without", "there is no test case to check",
        "only a graph that is optimized", "no edit is asked for", "and nothing says what", "--fp16-io is for",
        "says what MODEL is, what was", "both say what the truth is", "is of MODEL, and none is given",
        "is for a TARGET", "nothing would be left", "nothing says what to trace", "has the figures of a network",
        "and none is given", "compares with an earlier run",
    ),
    105: (
        "MODEL is missing", "has a model already", "the step before gives", "expected a command before it",
        "nothing to view",
    ),
    106: (
        "names no known format", "unknown format", "unknown source format", "unknown target format", "has no suffix",
        "unknown {}",
    ),
    107: (
        "models are given", "files given", "given, expected two", "recorded of one model", "is one file, ",
        "needs {} files", "is one of several models", "models in a chain", "takes one file",
        "is a file, expected a folder", "is recorded of one model", "is no folder and cannot become one",
        "has no name that the file could have",
    ),
    108: (
        "has no input {}", "no input is named", "no signature", "there is no graph", "says no input's shape",
        "output names", "names for {} outputs", "the model has no {} of this name",
    ),
    109: (
        "is neither a positive number nor a name", "was traced as", "stands for {} here", "sizes, but",
        "is not a positive number", "sizes given, it is", "expected NAME=1,3,224,224", "--input-shape",
    ),
    111: ("no pass is called", "optimization level", "say which passes run",),
    112: (
        "standard input", "standard output", "a stream has no suffix", "cannot be written to a stream",
        "netron opens files",
    ),
    113: (
        "the inputs are", "the model's inputs are", "the model's are", "no array is given for", "arrays are given",
        "are not given", "inputs are given, the model has",
    ),
    201: (
        "no such file", "there is no such file", "no such file or folder", "is a folder without models",
        "holds no model;", "no file {}",
    ),
    202: ("cannot be read", "is a folder, expected a file", "permission denied",),
    203: (
        "would overwrite its source", "is an input of this run", "a file of the model itself",
        "is a model of this batch",
    ),
    204: ("and mgeconvert did not write it",),
    205: ("cannot be written", "cannot be made",),
    206: (
        "is no name for a file of", "expected a name that ends with", "outputs are written as .npz",
        "expected a file", "report is",
    ),
    207: ("would be written there",),
    208: ("was written with another",),
    209: ("the format ends at 2 GiB", "the most that Caffe reads", "a part may have", "as large as",),
    301: (
        "is of no known format", "is no ONNX model", "expected a Caffe net description", "is no Python source",
        "is no pickle",
    ),
    302: (
        "the pickle names", "the pickle makes objects", "the pickle calls", "outside the file", "calls builtins",
        "changes {}", "calls _codecs", "the pickle {}",
    ),
    303: (
        "the pickle is damaged", "is cut off", "is damaged: byte", "is damaged: the opcode", "the file is damaged",
        "skips from memo",
    ),
    305: ("numpy dtype", "an array", "a dtype", "dtype class", "the state of a dtype",),
    306: (
        "without a state dict", "was not traced", "holds no state dict", "expected a state dict", "is not traced",
        "checkpoint",
    ),
    308: ("data file", "external data",),
    309: (
        "which nothing before it computes", "computed twice", "reads what it computes itself", "calls itself",
        "functions call each other", "cannot be inlined",
    ),
    310: ("ONNX is read at opset", "ONNX is written at opset", "has no local functions",),
    313: ("caffemodel", "no weights for", "needs another count", "are no numbers of",),
    316: ("encrypted", "Lite pack", "its format version is", "feature bits",),
    317: (
        "without end", "hours to hash", "all spelled out", "become {} nodes, more than", "of at most {} bytes",
        "counted as they are called", "need more memory than there is", "times its size; store", "nested more than",
        "is too large", "that are read", "is not run: ",
    ),
    318: (
        ".npz archive", ".npy", "holds {}; expected", "arrays {}_N", "the array for input", "is an archive",
        "of plain numbers",
    ),
    401: (
        "only known at run time", "known only at run time", "computed at run time", "run will tell",
        "sizes are not known", "unknown rank", "of unknown type", "is computed; Caffe", "at run time only",
        "these sizes known", "these sizes must be known", "rank or type is not known", "that is not known",
        "of unknown size", "the run tells", "unknown number of channels", "computed positions", "sizes vary",
        "size chosen at run time", "number of heads that is not given", "is missing: its sizes",
        "the rank of an operand is not known", "whose sizes are not known", "needs a constant", "cannot vary",
    ),
    402: (
        "has no TFLite kernels", "64-bit integers beyond", "computes float32, not", "takes no {} inputs",
        "torch does not shift", "torch has no {} of", "torch has no {} tensors", "a type that is not written",
        "MegEngine has no {} tensors", "in the file that was read, which cannot be written", "has no form in ONNX",
        "only float32, float16", "the dtype {}", "numbers of more than 64 bits",
    ),
    403: ("training mode", "Elemwise mode {}: training only", "is_test is 0",),
    404: (
        "-D convolution", "-D transposed", "-D pool", "-D deformable", "of {} axes; ", "{} spatial axes",
        "convolution of {} axes", "XNNPACK has", "a pad of {} axes", "a slice of {} axes", "axes; here",
        "a matrix product of {} axes", "{}-D data", "of more than {} axes", "a pool of",
    ),
    405: (
        "are written out", "are laid out", "are not unrolled", "are too many", "is too large",
        "more than {} along one axis", "a loop of more than", "at most {}", "a constant of {} numbers",
        "constants of more numbers", "of more than {} elements", "their matrix is too large",
        "matrix with more than", "sizes have 32 bits",
    ),
    406: (
        "has no layer that", "has no TFLite emitter", "no such mode is known", "packed for OpenCL", "Caffe has no",
        "no lowering", "none of MegEngine's", "a Caffe blob cannot be empty",
    ),
    414: (
        "quantiz", "blocks computed", "block_size", "by blocks", "without scales", "scales", "of {} bits",
        "bits between",
    ),
    415: ("NonMaxSuppression", "RoiAlign", "no detection layers", "two-stage detector"),
    416: (
        "the mask of", "its mask is used", "mean as an output", "the mean and deviation", "gives the positions",
        "the indices of", "MaxPool with indices", "Pooling does not give the indices", "its second top",
        "with its mean",
    ),
    413: (
        "only the run decides", "a loop whose body", "no control flow", "control flow is", "no sequences of tensors",
    ),
    409: ("no sampling layer",),
    420: (
        "its user wrote", "its program is not in the file", "another vendor's runtime", "only a delegate on its own",
        "is no operator of ONNX", "has no definition in ONNX", "a custom operator", "has no operator {}",
        "no such mode is known", "no type, or one without a successor", "no known type:",
    ),
    421: (
        "attribute {} is missing", "is missing", "the operator takes", "the operator has",
        "none that the operator knows", "options that are", "its parameters do not fit", "do not fit",
        "a form of {} that is not known", "which the schema does not have", "are needed", "and no result",
        "lacks its input", "is read before anything makes it", "that is no axis", "that cannot be", "input number",
    ),
    426: (
        "random numbers", "random: its result", "no random layer", "training only", "distributed: it",
        "filled when the program starts", "computes with texts", "compute with text", "decode the image",
        "a loss whose loop", "it makes constants and should",
    ),
    424: ("from one run to the next", "no VAR_HANDLE",),
    425: ("memory format", "relayout",),
    501: (
        "nothing to delete", "is a constant, expected a value", "gives {}, expected one value",
        "expected one value for each name", "no operator, module, node or value", "nothing to compute in float16",
        "no such value", "there is no {} of this name",
    ),
    503: (
        "would be replaced by", "it cannot be left out", "expected one of each",
        "a value that is computed from what it replaces",
    ),
    504: (
        "a model needs an output", "a model needs an input", "is still needed, by", "no output depends on it",
        "is an output too", "inputs to cut at", "its type {} is not known",
    ),
    505: (
        "would have this name", "would both have this name", "has a value of this name",
        "has an input or output of this name", "an empty name", "is no structure of names", "no name of a module",
    ),
    506: (
        "so {} cannot vary", "its weight takes", "would have two sizes", "no multiple of", "no whole sizes",
        "does not fit: ", "would give",
    ),
    508: ("a graph with subgraphs cannot be edited", "has no other form than the source's call",),
    509: ("float16 ends at",),
    601: ("outputs fail",),
    602: ("there was nothing to compare",),
    603: ("cannot compute it", "cannot load it", "does not run it", "does not load it", "it has no layer",),
    604: ("is no proof of mgeconvert", "names no source", "proves other files", "the figures do not hold any more",),
    605: ("conversion failed", "conversions failed", " failed: {}",),
    606: ("worse than in the baseline", "no document of",),
    607: ("differ: ",),
    608: ("no random input can be made", ": not run",),
    609: ("outputs, expected {}", "its source has", "cannot be read back", "{}s are {}; {} has",),
    610: ("cannot be shown without them",),
    701: (
        "is not installed", "cannot be imported", "has no runtime here", "nothing installed can say",
        "cannot be verified", "need a system that can fork", "click has no completion",
    ),
    702: ("the reference environment is not installed", "unknown reference environment",),
    703: ("needs CPython", "installing the reference environment failed",),
    705: ("was stopped", "its process", "died", "ended with", "was killed",),
    706: ("its plugin", "cannot be loaded", "is a pass of mgeconvert", "no Pass of that name",),
    709: ("which no trace can repeat", "for a second, different input"),
    707: (
        "cannot import", "{}: {} has no {}", "expected a megengine", "expected a function, class or module",
        "takes no --kwargs", "which is not installed beside MegEngine", "file.py:feeds",
    ),
    708: ("is not the state of this network",),
    801: ("took longer than --timeout", "the run took longer",),
    802: ("memory",),
}  # fmt: skip

PLACES: tuple[tuple[str, int], ...] = (
    ("cli/check", 400), ("cli/batch/manifest", 110), ("cli/batch/entries", 110), ("cli/batch/job", 110),
    ("cli/batch/cluster", 710), ("calibration/", 114), ("cli/quantize", 114),
    ("cli/batch/options", 110), ("cli/batch", 102), ("cli/", 102),
    ("caffe/emit/net", 406), ("caffe/read/prototxt", 311), ("caffe/read/caffemodel", 313), ("caffe/read", 312),
    ("caffe/lower", 312), ("caffe/run", 603), ("caffe/dialects", 102), ("opsets/up/input_shape", 109),
    ("opsets/up/node_form", 421), ("opsets/up/attributes", 421), ("opsets/down", 422), ("onnx/read", 307),
    ("onnx/opsets/up/driver", 309), ("onnx/", 421), ("tflite/read", 314), ("tflite/lower", 314),
    ("tflite/model", 902), ("staticgraph/read", 315), ("staticgraph/write", 704), ("staticgraph/lower", 421),
    ("tracedmodule/read/scan", 303), ("tracedmodule/read/unpickle", 302), ("tracedmodule/read/allowed", 302),
    ("tracedmodule/read/typeref", 302), ("tracedmodule/read/arrays", 305), ("tracedmodule/read/other_pickles", 306),
    ("tracedmodule/read", 304), ("tracedmodule/lower/walk", 304), ("tracedmodule/lower/attributes", 304),
    ("tracedmodule/lower/arguments", 304), ("tracedmodule/lower/dynamic_shapes", 109),
    ("tracedmodule/lower/driver", 304), ("surgery/replace", 502), ("surgery/expression", 502),
    ("surgery/assign", 502), ("surgery/input_shapes", 109), ("surgery/processing", 507), ("surgery/framing", 507),
    ("surgery/image_layout", 507), ("surgery/constant_sizes", 506), ("surgery/compatibility", 506),
    ("surgery/", 501), ("reference/worker/weights", 708), ("reference/worker/truth", 709),
    ("reference/worker/tracing", 709), ("reference/worker", 707), ("reference/arguments", 102),
    ("reference/interpreters", 703), ("reference/tracing", 707), ("reference/", 704), ("verification/proof", 604),
    ("verification/recorded", 318), ("verification/", 609), ("files/", 205), ("ir/graph", 902), ("ir/", 319),
    ("passes/", 902), ("registry", 102),
)  # fmt: skip

FAMILIES: tuple[tuple[str, int], ...] = (
    ("opsets/down", 422), ("caffe/lower/vision", 415), ("control", 413), ("sequences", 413), ("recurrent", 411),
    ("attention", 412), ("matmul", 412), ("rotary", 412), ("convolution", 407), ("pooling", 408), ("windows", 408),
    ("resize", 409), ("vision/boxes", 415), ("vision/regions", 415), ("mediapipe", 415), ("grid_sample", 409),
    ("vision", 409), ("indexing", 410), ("positions", 410), ("along_axes", 419), ("normalization", 417),
    ("movement", 418), ("transposition", 418), ("layout", 418), ("reduction", 419), ("selection", 419),
    ("quantization", 414), ("grids", 414), ("elementwise", 423), ("activation", 423), ("fused", 423),
    ("dtypes", 402), ("text", 402), ("compose/table", 421), ("compose/vision", 409), ("emission", 418),
    ("vectors", 401), ("weights", 401), ("operands", 401), ("shapes", 401), ("custom", 420), ("spatial", 425),
)  # fmt: skip
"""A refusal's kind by the family of operators that its file stands for."""

CLASSES = {"refuse": 406, "RefusedError": 406, "Problem": 406, "invalid": 312, "UsageError": 102, "BadInputError": 301}
"""By what takes the message, where nothing else says."""

ANY_OPSET = (401, 403, 420)
"""What is true of a form at every opset; else a refusal of `opsets/down` is that of an older one."""

WRAPPERS = ("{}: {}, which no TracedModule needs; nothing in the file was imported or run",)
"""What is said around another message, which says the kind."""

REFUSALS = ("refuse", "RefusedError", "Problem")


def kind_of(message: Message) -> int | None:
    """The number of a message's kind, None where no rule has one."""
    is_older = "opsets/down" in message.file
    found = [
        (len(phrase), number)
        for number, phrases in PHRASES.items()
        for phrase in phrases
        if phrase in message.template and (not is_older or number in ANY_OPSET)
    ]
    if found:
        return max(found)[1]
    is_refusal = message.taker in REFUSALS and "reference/worker" not in message.file
    for part, number in FAMILIES if is_refusal else PLACES:
        if part in message.file:
            return number
    return CLASSES.get(message.taker)
