"""MGE4xx: forms of operators that a target does not have, by the family of the operator."""

from __future__ import annotations

from .kind import Kind, Text

OTHERS = "another target (`mgeconvert check MODEL` tries them all)"
OTHERS_ZH = "换一个目标格式（`mgeconvert check MODEL` 会全部检查）"

KINDS = (
    Kind(
        407,
        Text(
            "A form of convolution that there is not",
            "The convolution has a number of axes, a padding, groups or offsets that the target does not know.",
            "Convolutions of one name differ between frameworks in exactly these points.",
            f"Pad explicitly before the convolution, or take {OTHERS}.",
        ),
        Text(
            "不支持的卷积形式",
            "卷积的维数、填充、分组或偏移是目标格式没有的。",
            "各框架的卷积恰好在这些地方不同。",
            f"在卷积之前显式填充，或者{OTHERS_ZH}。",
        ),
    ),
    Kind(
        408,
        Text(
            "A form of pooling that there is not",
            "The pooling has dilations, indices, windows in the padding or another rule that the target does not have.",
            "Frameworks count padding and the last window differently.",
            f"Choose sizes at which the windows fit, or take {OTHERS}.",
        ),
        Text(
            "不支持的池化形式",
            "池化带有空洞、下标、落在填充中的窗口，或者目标格式没有的规则。",
            "各框架对填充和最后一个窗口的计算不同。",
            f"选择窗口能整除的尺寸，或者{OTHERS_ZH}。",
        ),
    ),
    Kind(
        409,
        Text(
            "A way of sampling images that there is not",
            "Resize, GridSample, warp or colour conversion has a mode, border or rule that the target or the reader"
            " does not know.",
            "A pixel in between is computed in a dozen ways; the nearest one is another image.",
            f"Use bilinear sampling with half pixels in the network, or take {OTHERS}.",
        ),
        Text(
            "不支持的图像采样方式",
            "Resize、GridSample、warp 或颜色转换的模式、边界或规则在目标格式或读取时不支持。",
            "中间像素有十几种算法；换成相近的一种得到的是另一张图像。",
            f"在网络里使用半像素的双线性采样，或者{OTHERS_ZH}。",
        ),
    ),
    Kind(
        410,
        Text(
            "An index that there is not",
            "Picking, slicing, gathering or scattering is used in a form that the target does not have.",
            "Targets take constant positions, few axes, or certain reductions only.",
            f"Index with constants or along one axis, or take {OTHERS}.",
        ),
        Text(
            "不支持的索引形式",
            "选取、切片、gather 或 scatter 的形式在目标格式里没有。",
            "目标格式只接受常量位置、较少的维数或特定的归约。",
            f"用常量或沿一个轴索引，或者{OTHERS_ZH}。",
        ),
    ),
    Kind(
        411,
        Text(
            "A form of recurrent network that there is not",
            "An RNN, LSTM or GRU has lengths, peepholes, activations or a direction that the target does not have.",
            "Only the common cell with its usual activations exists everywhere.",
            f"Use the standard cell, one length for all sequences, or take {OTHERS}.",
        ),
        Text(
            "不支持的循环网络形式",
            "RNN、LSTM 或 GRU 的序列长度、peephole、激活函数或方向是目标格式没有的。",
            "只有常见的单元和激活函数到处都有。",
            f"使用标准单元，所有序列等长，或者{OTHERS_ZH}。",
        ),
    ),
    Kind(
        412,
        Text(
            "A form of product or attention that there is not",
            "A matrix product, Fourier transform, attention or rotary embedding is in a form that is not composed.",
            "These operators have many switches; some forms depend on sizes that are not known or on kernels of one"
            " runtime.",
            "Export the network with plain matrix products and softmax (not fused), or with fixed sizes.",
        ),
        Text(
            "不支持的矩阵乘或注意力形式",
            "矩阵乘、傅里叶变换、注意力或旋转位置编码的这种形式不能分解。",
            "这些算子开关很多，有的取决于未知尺寸，有的只属于某个运行时。",
            "用普通的矩阵乘和 softmax（不要融合）导出网络，或者使用固定尺寸。",
        ),
    ),
    Kind(
        413,
        Text(
            "Control flow that the run decides",
            "A loop, condition or sequence whose turns or parts depend on data cannot be laid out.",
            "Only ONNX has control flow; elsewhere it is laid out, which needs numbers that are known.",
            "Bind the input that decides with `mgeconvert edit --set-input NAME=VALUE`, or stay in ONNX.",
        ),
        Text(
            "由数据决定的控制流",
            "循环次数、条件或序列取决于数据，无法展开。",
            "只有 ONNX 有控制流；其他格式要展开，必须事先知道次数。",
            "用 `mgeconvert edit --set-input NAME=VALUE` 固定起决定作用的输入，或者留在 ONNX。",
        ),
    ),
    Kind(
        414,
        Text(
            "A form of quantization that there is not",
            "Scales, zero points or integer types are of a form that the target does not have.",
            "Targets differ in bits, in scales per channel or block, and in which operators compute with integers.",
            "Take the float network with `--strip-quantization`, or another target; `mgeconvert inspect"
            " --quantization MODEL` shows each value's form.",
        ),
        Text(
            "不支持的量化形式",
            "缩放、零点或整数类型的形式在目标格式里没有。",
            "各目标在位数、按通道或按块的缩放、哪些算子用整数计算上各不相同。",
            "用 `--strip-quantization` 得到浮点网络，或者换目标格式；`mgeconvert inspect --quantization MODEL`"
            " 显示每个值的形式。",
        ),
    ),
    Kind(
        415,
        Text(
            "A form of boxes or regions that there is not",
            "Non-maximum suppression, RoiAlign or detection layers are used in a form that the target does not have.",
            "Each framework counts classes, scores, borders and samples of boxes differently.",
            "Cut the model before its post-processing (`mgeconvert edit --outputs boxes,scores`) and compute it in"
            " your program.",
        ),
        Text(
            "不支持的检测框形式",
            "非极大值抑制、RoiAlign 或检测层的形式在目标格式里没有。",
            "各框架对类别、分数、边界和采样点的计算不同。",
            "在后处理之前截断模型（`mgeconvert edit --outputs boxes,scores`），后处理在您的程序里完成。",
        ),
    ),
    Kind(
        416,
        Text(
            "A second output that there is not",
            "The graph uses a mask, positions or statistics that the operator gives besides its result.",
            "The target's operator gives the result only.",
            f"Leave this output unused, or take {OTHERS}.",
        ),
        Text(
            "没有第二个输出",
            "计算图使用了算子除结果之外给出的掩码、位置或统计量。",
            "目标格式的算子只给出结果。",
            f"不要使用这个输出，或者{OTHERS_ZH}。",
        ),
    ),
    Kind(
        417,
        Text(
            "A form of normalization that there is not",
            "The normalization's axes, window, scale or precision are of a form that the target does not have.",
            "Targets normalize over certain axes and with one number per channel.",
            f"Normalize over channels or trailing axes, or take {OTHERS}.",
        ),
        Text(
            "不支持的归一化形式",
            "归一化的轴、窗口、缩放或精度的形式在目标格式里没有。",
            "目标格式只在特定的轴上归一化，每个通道一个数。",
            f"在通道或末尾的轴上归一化，或者{OTHERS_ZH}。",
        ),
    ),
    Kind(
        418,
        Text(
            "A form of reshaping or padding that there is not",
            "Padding, splitting, joining or reshaping is of a form that the target or the reader does not take.",
            "Sizes do not divide, several sizes are open at once, or the mode is unknown.",
            "Give fixed sizes (`mgeconvert edit --shape`), or write the reshape with at most one open size.",
        ),
        Text(
            "不支持的变形或填充",
            "填充、拆分、拼接或变形的形式在目标格式或读取时不接受。",
            "尺寸不能整除，同时有几个尺寸未定，或者模式未知。",
            "给出固定尺寸（`mgeconvert edit --shape`），或者变形时最多留一个未定尺寸。",
        ),
    ),
    Kind(
        419,
        Text(
            "A form of reduction or selection that there is not",
            "A sum, extreme, top-k, one-hot or triangle is of a form that the target does not have.",
            "Targets differ in axes, in types, and in which of equal numbers comes first.",
            f"Reduce along constant axes and numbers of floats, or take {OTHERS}.",
        ),
        Text(
            "不支持的归约或选择",
            "求和、极值、top-k、one-hot 或三角矩阵的形式在目标格式里没有。",
            "各目标在轴、类型以及相等数值的先后次序上不同。",
            f"沿常量轴对浮点数归约，或者{OTHERS_ZH}。",
        ),
    ),
)
