"""MGE5xx: edits of a model."""

from __future__ import annotations

from .kind import Kind, Text

KINDS = (
    Kind(
        501,
        Text(
            "Nothing of this name to edit",
            "The edit names an operator, module, class or value that the model does not have, or one that is no such"
            " thing.",
            "Names are those of the source; passes and other formats may have others.",
            "`mgeconvert inspect --nodes MODEL` lists operators and values, `--tree` the modules.",
        ),
        Text(
            "没有可编辑的同名对象",
            "编辑中的算子、模块、类或值在模型里不存在，或者不是这种对象。",
            "名字以源模型为准；优化之后或其他格式里可能不同。",
            "`mgeconvert inspect --nodes MODEL` 列出算子和值，`--tree` 列出模块。",
        ),
    ),
    Kind(
        502,
        Text(
            "A pattern that cannot be read or does not match",
            "The text of --replace or --assign is no expression of operators and names, or matches nothing.",
            "A bracket is missing, the operator has another name in the IR, or a pass has changed it before.",
            "Write it like `Relu(x) => x`; docs/surgery.md has the grammar. `mgeconvert inspect --nodes MODEL` shows"
            " the operators.",
        ),
        Text(
            "模式无法读取或没有匹配",
            "--replace 或 --assign 的文字不是由算子和名字组成的表达式，或者没有匹配到任何东西。",
            "缺少括号，算子在 IR 里叫别的名字，或者已经被某个优化改变。",
            "写成 `Relu(x) => x` 这样的形式；语法见 docs/surgery.md。`mgeconvert inspect --nodes MODEL` 列出算子。",
        ),
    ),
    Kind(
        503,
        Text(
            "What comes in does not fit what goes out",
            "The replacement or deletion would change a shape or type that is used further on.",
            "The values before and after the edit must be of the same type.",
            "Add what restores the type (a Reshape, a Cast) to the replacement.",
        ),
        Text(
            "替换前后不符",
            "替换或删除会改变后面要用到的形状或类型。",
            "编辑前后的值必须类型相同。",
            "在替换中加入恢复类型的算子（Reshape、Cast）。",
        ),
    ),
    Kind(
        504,
        Text(
            "A cut that leaves no model",
            "The inputs and outputs to cut at do not bound a part of the model.",
            "An output needs an input that is not named, nothing lies between them, or all outputs would go.",
            "Name as --inputs everything that the --outputs are computed from.",
        ),
        Text(
            "截断后不成模型",
            "截断处的输入和输出不能围成模型的一部分。",
            "某个输出还需要没有列出的输入，两者之间什么也没有，或者所有输出都会去掉。",
            "在 --inputs 里列出 --outputs 所依赖的一切。",
        ),
    ),
    Kind(
        505,
        Text(
            "Two things of one name",
            "After the edit two inputs, outputs, values or modules would have the same name.",
            "Names in a model are unique.",
            "Choose another name.",
        ),
        Text(
            "重名",
            "编辑之后两个输入、输出、值或模块会同名。",
            "模型里的名字必须唯一。",
            "换一个名字。",
        ),
    ),
    Kind(
        506,
        Text(
            "A size that cannot become another",
            "The model does not work at the sizes that are asked for.",
            "A later operator holds a constant of the old size: a Linear behind a flatten, a position table, a fixed"
            " map. The operator and its module are named.",
            "Choose sizes that lead to the same number there, or change that module of the network.",
        ),
        Text(
            "尺寸不能改变",
            "模型在要求的尺寸下不能工作。",
            "后面的某个算子含有旧尺寸的常量：flatten 之后的 Linear、位置编码表、固定的网格。错误信息给出算子和模块。",
            "选择在那里得到相同数字的尺寸，或者修改网络中的这个模块。",
        ),
    ),
    Kind(
        507,
        Text(
            "Pre- or post-processing that does not fit",
            "--mean, --std, --resize, --softmax and the like ask for something that the input or output is not.",
            "The channels are not known or of another number, the input is no image or has its pre-processing already.",
            "`mgeconvert inspect MODEL` shows shapes; --layout says where the channels are.",
        ),
        Text(
            "前处理或后处理不符",
            "--mean、--std、--resize、--softmax 等要求的东西与输入或输出不符。",
            "通道数未知或不同，输入不是图像，或者已经带有前处理。",
            "`mgeconvert inspect MODEL` 显示形状；--layout 说明通道在哪个轴。",
        ),
    ),
    Kind(
        508,
        Text(
            "A graph that cannot be edited here",
            "The operator at this place has a form that the edit does not know.",
            "Graphs with subgraphs (If, Loop) are passed through as they are, and some calls exist in the source only.",
            "Edit before the conversion, in the source's own framework.",
        ),
        Text(
            "这里不能编辑",
            "此处算子的形式是编辑功能不认识的。",
            "带子图的算子（If、Loop）原样通过，有些调用只存在于源框架。",
            "转换之前在源框架里编辑。",
        ),
    ),
    Kind(
        509,
        Text(
            "Numbers beyond float16",
            "A weight or constant is larger than 65504, the largest float16.",
            "It would become infinite.",
            "Keep that module in float32: name with --in the modules that become float16.",
        ),
        Text(
            "超出 float16 的数",
            "某个权重或常量大于 float16 的最大值 65504。",
            "它会变成无穷大。",
            "让该模块保持 float32：用 --in 指定要变成 float16 的模块。",
        ),
    ),
)
