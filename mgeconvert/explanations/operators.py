"""MGE4xx: operators that cannot be converted, whatever their family."""

from __future__ import annotations

from .families import OTHERS, OTHERS_ZH
from .kind import Kind, Text

KINDS = (
    Kind(
        400,
        Text(
            "Operators that cannot be converted",
            "Some operators of the model have no form in the target, or are not read. All of them are listed at once,"
            " each with its module path and reason; nothing was written.",
            "A form that only nearly computes the same is not written.",
            f"Read the code of each reason. Often helpful: {OTHERS}, cutting the model before these operators"
            " (`mgeconvert edit MODEL --outputs NAME`), or replacing them (`--replace`).",
        ),
        Text(
            "有算子不能转换",
            "模型中的某些算子在目标格式里没有对应形式，或者无法读取。所有这些算子会一次列出，附带模块路径和原因；没有写出任何文件。",
            "只是近似相同的形式不会被写出。",
            f"查看每个原因的代码。常见办法：{OTHERS_ZH}，在这些算子之前截断模型"
            "（`mgeconvert edit MODEL --outputs NAME`），或者替换它们（`--replace`）。",
        ),
    ),
    Kind(
        401,
        Text(
            "A size or number that only the run tells",
            "The operator needs a size, an index or a weight when the model is converted, and the model computes it"
            " from its input.",
            "The target has fixed sizes at this place, or the input's own sizes are not known.",
            "Give fixed sizes: `mgeconvert edit MODEL --shape data=1,3,224,224`, leave out --dynamic-batch or"
            " --dynamic-shape, or bind an input with `edit --set-input NAME=VALUE`.",
        ),
        Text(
            "运行时才知道的尺寸或数值",
            "转换时就需要知道的尺寸、下标或权重，在模型里却由输入计算得出。",
            "目标格式在这里只能用固定尺寸，或者输入的尺寸未知。",
            "给出固定尺寸：`mgeconvert edit MODEL --shape data=1,3,224,224`；去掉 --dynamic-batch 或 --dynamic-shape；"
            "或者用 `edit --set-input NAME=VALUE` 把输入固定为常量。",
        ),
    ),
    Kind(
        402,
        Text(
            "A type of numbers that there is not",
            "The operator computes with a type (int64, float16, bool, ...) that the target has no kernel for.",
            "Runtimes implement operators for a few types only.",
            f"Trace the model in float32, or take {OTHERS}.",
        ),
        Text(
            "没有这种数值类型",
            "算子使用的类型（int64、float16、bool 等）在目标格式里没有对应的实现。",
            "各个运行时只为少数类型实现算子。",
            f"用 float32 追踪模型，或者{OTHERS_ZH}。",
        ),
    ),
    Kind(
        403,
        Text(
            "A network in training mode",
            "Batch normalization or dropout computes as in training.",
            "The model was traced or exported without `eval()`: it would use the statistics of each batch, or random"
            " numbers.",
            "Call `module.eval()` before tracing or exporting.",
        ),
        Text(
            "网络处于训练模式",
            "批归一化或 dropout 按训练方式计算。",
            "追踪或导出之前没有调用 `eval()`：它会使用每个 batch 的统计量，或者随机数。",
            "追踪或导出之前调用 `module.eval()`。",
        ),
    ),
    Kind(
        404,
        Text(
            "A number of axes that there is not",
            "The operator works on more or fewer axes than the target's has.",
            "TFLite's kernels end at 4 to 6 axes, Caffe's and MegEngine's windows at 2 or 3.",
            f"Merge axes with a reshape in the network, or take {OTHERS}.",
        ),
        Text(
            "维数不受支持",
            "算子处理的维数与目标格式的算子不同。",
            "TFLite 的实现最多 4 到 6 维，Caffe 和 MegEngine 的窗口为 2 或 3 维。",
            f"在网络里用 reshape 合并维度，或者{OTHERS_ZH}。",
        ),
    ),
    Kind(
        405,
        Text(
            "Too many pieces",
            "The operator could be composed of simpler ones, but of too many, or of a constant that is too large.",
            "Loops are laid out and picks become matrices only up to a limit, so that files stay usable.",
            f"Shorten the sequence or the table, or take {OTHERS}.",
        ),
        Text(
            "分解后太大",
            "这个算子可以由更简单的算子组成，但数量太多，或者所需常量太大。",
            "循环展开和选取矩阵都有上限，以免文件无法使用。",
            f"缩短序列或表格，或者{OTHERS_ZH}。",
        ),
    ),
    Kind(
        406,
        Text(
            "The target has no such operator",
            "Neither an operator of the target nor a composition of several computes this.",
            "Formats differ in what they can say; Caffe, for example, does not round.",
            f"Take {OTHERS}, replace the operator (`mgeconvert edit --replace`), or cut the model before it and"
            " compute the rest in your program.",
        ),
        Text(
            "目标格式没有这种算子",
            "目标格式里没有单个算子或组合能计算它。",
            "各格式的表达能力不同；例如 Caffe 不能取整。",
            f"{OTHERS_ZH}，替换该算子（`mgeconvert edit --replace`），或者在它之前截断，其余部分在您的程序里计算。",
        ),
    ),
    Kind(
        420,
        Text(
            "An operator that is not known",
            "The model has an operator that its own format does not define, or one of a vendor or plugin.",
            "Custom operators have no public meaning; a misspelled one has none at all.",
            "Write a plugin for the operator (docs/adding-an-operator.md), or cut the model around it.",
        ),
        Text(
            "未知的算子",
            "模型中的算子在它自己的格式里没有定义，或者属于厂商、插件。",
            "自定义算子没有公开的含义；写错名字的算子根本没有含义。",
            "为该算子写一个插件（docs/adding-an-operator.md），或者绕开它截断模型。",
        ),
    ),
    Kind(
        421,
        Text(
            "An operator whose parameters are wrong",
            "An attribute, input or option of the operator is missing, of the wrong type, or contradicts the others.",
            "The tool that wrote the model has a bug, or the file was edited.",
            "Write the model again; the source's own runtime refuses it as well.",
        ),
        Text(
            "算子参数有误",
            "算子的属性、输入或选项缺失、类型不对，或者互相矛盾。",
            "写出该模型的工具有错误，或者文件被改过。",
            "重新导出模型；它自己的运行时也会拒绝。",
        ),
    ),
    Kind(
        422,
        Text(
            "An older opset has no form for it",
            "The operator exists in a newer ONNX operator set only, in this form.",
            "Older opsets lack the operator, an attribute, a type or an input.",
            "Take a newer --opset; the default is 17.",
        ),
        Text(
            "旧的 opset 没有这种形式",
            "这种形式的算子只存在于更新的 ONNX 算子集。",
            "旧的 opset 缺少该算子，或者缺少某个属性、类型或输入。",
            "使用更新的 --opset；默认是 17。",
        ),
    ),
    Kind(
        423,
        Text(
            "Arithmetic that there is not",
            "An elementwise operator, activation or cast is of a form that the target does not have.",
            "Integers divide and round differently from floats, and not every target has both.",
            f"Compute in float32, or take {OTHERS}.",
        ),
        Text(
            "不支持的运算",
            "逐元素算子、激活函数或类型转换的形式在目标格式里没有。",
            "整数与浮点的除法和取整不同，并非每个目标都有两者。",
            f"用 float32 计算，或者{OTHERS_ZH}。",
        ),
    ),
    Kind(
        424,
        Text(
            "State from one run to the next",
            "The model keeps variables whose contents outlive a run.",
            "ONNX and the other targets have no such state; a conversion that forgets it would compute something"
            " else from the second run on.",
            "`mgeconvert tflite-to-onnx --state explicit` makes inputs and outputs of the variables.",
        ),
        Text(
            "跨运行保存的状态",
            "模型里有变量，其内容在两次运行之间保留。",
            "ONNX 等目标没有这种状态；忽略它的转换从第二次运行起就会算错。",
            "`mgeconvert tflite-to-onnx --state explicit` 把变量变成输入和输出。",
        ),
    ),
    Kind(
        425,
        Text(
            "A memory format of one device",
            "The static graph was optimized for a device, and its data is laid out for that device alone.",
            "Some layouts (Image2D, packed weights) are known to MegEngine's kernels only.",
            "Dump the network again without these options of optimize_for_inference.",
        ),
        Text(
            "某种设备专用的内存格式",
            "静态图为某种设备优化过，数据只按该设备的方式排列。",
            "有些排列（Image2D、打包的权重）只有 MegEngine 的内核知道。",
            "不带 optimize_for_inference 的这些选项，重新导出网络。",
        ),
    ),
    Kind(
        426,
        Text(
            "An operator that is no part of an inference",
            "The operator draws random numbers, trains, talks to other processes, or works on texts and tables that"
            " live outside the model.",
            "What it computes is another thing at each run, or cannot be said by a file that holds numbers only.",
            "Compute this part in your program and make what it gives an input of the model, or cut the model before"
            " it (`mgeconvert edit MODEL --outputs NAME`).",
        ),
        Text(
            "不属于推理的算子",
            "算子产生随机数、用于训练、与其他进程通信，或者处理模型之外的文本和表格。",
            "它每次运行的结果不同，或者无法用只含数值的文件表达。",
            "在您的程序里计算这一部分，把结果作为模型的输入；"
            "或者在它之前截断模型（`mgeconvert edit MODEL --outputs NAME`）。",
        ),
    ),
)
