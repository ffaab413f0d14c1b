"""MGE1xx: the command line."""

from __future__ import annotations

from .kind import Kind, Text

KINDS = (
    Kind(
        101,
        Text(
            "No such command or option",
            "A word of the command line is not known, is missing, or has no value where it needs one.",
            "It is misspelled, belongs to another command, or stands behind the wrong command of a chain.",
            "`mgeconvert help` lists the commands, `mgeconvert COMMAND --help` the options of one. The closest"
            " name is given where there is one.",
        ),
        Text(
            "没有这个命令或选项",
            "命令行里有一个词不认识，或者缺了一个词，或者某个选项没有给值。",
            "拼写有误，或者它属于别的命令，或者写在了链条中另一个命令后面。",
            "`mgeconvert help` 列出所有命令，`mgeconvert COMMAND --help` 列出一个命令的选项。"
            "有相近的名字时会一并给出。",
        ),
    ),
    Kind(
        102,
        Text(
            "The value of an option is not what it takes",
            "An option was recognized, but its value is of the wrong kind: no number, not positive, no such choice,"
            " not of the form that is expected.",
            "The value is misspelled, or the shell took a part of it away (brackets, quotes, spaces).",
            "Write it as the message says; quote values with brackets or spaces. `mgeconvert COMMAND --help`"
            " shows the form of each value.",
        ),
        Text(
            "选项的值不符合要求",
            "选项本身没有问题，但它的值不对：不是数字、不是正数、不在可选范围内，或者格式不对。",
            "值写错了，或者 shell 吃掉了其中一部分（括号、引号、空格）。",
            "按提示里的格式写；含括号或空格的值要加引号。`mgeconvert COMMAND --help` 说明每个值的格式。",
        ),
    ),
    Kind(
        103,
        Text(
            "Options that contradict each other",
            "Two options were given of which only one can hold.",
            "Both say the same thing in different ways, or ask for opposite things; mgeconvert does not choose.",
            "Leave one of them out.",
        ),
        Text(
            "选项互相矛盾",
            "给了两个选项，但只能有一个成立。",
            "两个选项用不同方式说同一件事，或者要求相反；mgeconvert 不会替您选择。",
            "去掉其中一个。",
        ),
    ),
    Kind(
        104,
        Text(
            "An option that nothing would use",
            "An option was given that has no effect together with the others.",
            "What would use it is missing, for example --rtol together with --no-verify. An option that is"
            " silently ignored would let you believe in something that does not happen.",
            "Leave it out, or add what the message names.",
        ),
        Text(
            "选项不会起作用",
            "给出的选项与其他选项放在一起时没有任何效果。",
            "缺少使用它的东西，例如 --rtol 与 --no-verify 同时出现。默默忽略会让人误以为它生效了。",
            "去掉它，或者补上提示中所说的内容。",
        ),
    ),
    Kind(
        105,
        Text(
            "No model to work on",
            "A command needs a model, or a step of a chain cannot follow the one before.",
            "MODEL was left out and no step before gives one, or there are two models where there is room for one.",
            "Name a file, or begin the chain with `load` or `trace`: `mgeconvert load m.pkl tm-to-onnx -o m.onnx`.",
        ),
        Text(
            "没有可以处理的模型",
            "命令需要一个模型，或者链条中的某一步接不上前一步。",
            "没有给 MODEL，前面的步骤也没有给出模型；或者只能有一个模型的地方出现了两个。",
            "给出文件名，或者用 `load`、`trace` 开始链条：`mgeconvert load m.pkl tm-to-onnx -o m.onnx`。",
        ),
    ),
    Kind(
        106,
        Text(
            "A format that is not known",
            "The name of a format, or the suffix of a file, belongs to no format.",
            "The file has an unusual suffix, comes through a pipe, or the format is misspelled.",
            "Say the format with --from or --to; `mgeconvert ops` lists the formats.",
        ),
        Text(
            "未知的格式",
            "格式名或文件后缀不属于任何格式。",
            "文件后缀不常见，数据来自管道，或者格式名写错了。",
            "用 --from 或 --to 说明格式；`mgeconvert ops` 列出所有格式。",
        ),
    ),
    Kind(
        107,
        Text(
            "One file where several are given, or several where one is meant",
            "The number of files does not fit the command or the option.",
            "Several models cannot be written to one name, and recorded arrays belong to one model.",
            "Give a folder (`-o FOLDER/`) for several models, or convert them one by one.",
        ),
        Text(
            "文件数量不对",
            "文件的数量与命令或选项不符。",
            "多个模型不能写成同一个文件名，记录的数组也只属于一个模型。",
            "多个模型请给一个目录（`-o FOLDER/`），或者逐个转换。",
        ),
    ),
    Kind(
        108,
        Text(
            "A name that the model does not have",
            "An option names an input, output, signature or graph that is not in the model.",
            "Names differ between formats, and the source may have been renamed.",
            "`mgeconvert inspect MODEL` shows the inputs and outputs with their names, shapes and types.",
        ),
        Text(
            "模型里没有这个名字",
            "选项里的输入、输出、签名或子图在模型中不存在。",
            "不同格式里的名字可能不同，源模型也可能改过名。",
            "`mgeconvert inspect MODEL` 列出输入和输出的名字、形状和类型。",
        ),
    ),
    Kind(
        109,
        Text(
            "A shape that does not fit the model's input",
            "The sizes given for an input contradict the model or each other.",
            "The number of dimensions differs, a size is no number or name, or one name stands for two sizes.",
            "Take the shape that `mgeconvert inspect MODEL` shows and put a name such as N where a size varies:"
            " `--dynamic-shape data=N,3,H,W`.",
        ),
        Text(
            "形状与模型输入不符",
            "给输入指定的尺寸与模型不符，或者互相矛盾。",
            "维数不同，某个尺寸既不是数字也不是名字，或者同一个名字代表了两个尺寸。",
            "以 `mgeconvert inspect MODEL` 显示的形状为准，在可变的位置写名字，例如 `--dynamic-shape data=N,3,H,W`。",
        ),
    ),
    Kind(
        110,
        Text(
            "A manifest that says something else",
            "A manifest of `mgeconvert batch` has an unknown key, a wrong type, or entries that exclude each other.",
            "Each key is checked before the first model is read, so that a night's run does not end at a typing error.",
            "Correct the line that is named. `mgeconvert batch --dry-run MANIFEST` shows what would be done.",
        ),
        Text(
            "清单文件有误",
            "`mgeconvert batch` 的清单里有未知的键、类型不对的值，或者互相排斥的条目。",
            "在读取第一个模型之前会检查每个键，避免整夜的任务毁于一个笔误。",
            "改正提示中的那一行。`mgeconvert batch --dry-run MANIFEST` 显示将要做什么。",
        ),
    ),
    Kind(
        111,
        Text(
            "Which passes run",
            "The choice of passes names one that there is not, or says two things at once.",
            "A pass is misspelled, or both enabled and disabled, or -O stands beside --passes.",
            "`mgeconvert optimize --list-passes` lists every pass with its level.",
        ),
        Text(
            "运行哪些优化",
            "选择的优化不存在，或者同时说了两件相反的事。",
            "优化名写错了，或者同时启用又禁用，或者 -O 与 --passes 一起出现。",
            "`mgeconvert optimize --list-passes` 列出所有优化及其级别。",
        ),
    ),
    Kind(
        112,
        Text(
            "Standard input or output cannot do that",
            "`-` was given where a file is needed.",
            "A stream has no name and no suffix, is read once, and holds one file.",
            "Name a file, or say the format with --from or --to.",
        ),
        Text(
            "标准输入输出做不到",
            "在需要文件的地方给了 `-`。",
            "流没有名字和后缀，只能读一次，也只能容纳一个文件。",
            "给出文件名，或者用 --from、--to 说明格式。",
        ),
    ),
    Kind(
        113,
        Text(
            "The arrays given are not the model's inputs",
            "`run` or `verify` was given arrays of other names or in another number than the model's inputs.",
            "An input is missing, misnamed, or the arrays are of another model.",
            "Name each array: `mgeconvert run MODEL -i data=x.npy`. `mgeconvert inspect MODEL` shows the inputs.",
        ),
        Text(
            "给出的数组与模型输入不符",
            "`run` 或 `verify` 得到的数组，名字或数量与模型输入不同。",
            "缺了某个输入，名字写错了，或者数组属于另一个模型。",
            "为每个数组写明名字：`mgeconvert run MODEL -i data=x.npy`。`mgeconvert inspect MODEL` 列出输入。",
        ),
    ),
    Kind(
        114,
        Text(
            "A recipe or calibration data that does not fit",
            "`mgeconvert quantize` got a recipe with unknown keys or values, or data that are no inputs of it.",
            "Names, shapes or types of the arrays differ from the inputs, numbers are not finite, or the network"
            " is quantized already.",
            "Give samples as an .npz with an array for each input, or a `script.py:feeds`. `mgeconvert quantize"
            " --help` lists the recipes and their keys.",
        ),
        Text(
            "方案或校准数据不符",
            "`mgeconvert quantize` 得到的方案里有未知的键或值，或者数据不是网络的输入。",
            "数组的名字、形状或类型与输入不同，含有非有限的数，或者网络已经量化。",
            "用 .npz 给出样本，每个输入一个数组；或者用 `script.py:feeds`。`mgeconvert quantize --help` 列出方案和键。",
        ),
    ),
)
