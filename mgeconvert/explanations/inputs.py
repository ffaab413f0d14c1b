"""MGE3xx: what is in the files that are read."""

from __future__ import annotations

from .kind import Kind, Text

KINDS = (
    Kind(
        301,
        Text(
            "Not a model of this format",
            "The contents of the file are those of another format, or of none.",
            "The file was renamed, is the error page of a download, or is only the pointer of Git LFS.",
            "`mgeconvert FILE` says what a file is and what can be done with it.",
        ),
        Text(
            "不是这种格式的模型",
            "文件内容属于另一种格式，或者不是模型。",
            "文件被改过名，或者是下载时得到的错误页面，或者只是 Git LFS 的指针。",
            "`mgeconvert FILE` 说明文件是什么，可以怎么处理。",
        ),
    ),
    Kind(
        302,
        Text(
            "A pickle that would run something",
            "The pickle names a class or function outside the list of what TracedModules consist of. Nothing of it"
            " was imported or called.",
            "Either the file was made to run code when it is opened, or it holds an object that is no part of a"
            " model (a user's own class, a logger, an open file).",
            "Do not open the file with `pickle` or MegEngine unless you trust its origin. If it is yours: save the"
            " TracedModule alone, or trace the network again with `mgeconvert trace`.",
        ),
        Text(
            "会执行代码的 pickle",
            "这个 pickle 引用了 TracedModule 之外的类或函数。mgeconvert 没有导入或调用其中任何东西。",
            "要么文件被人做了手脚，打开就会执行代码；要么其中有不属于模型的对象（自定义类、日志对象、打开的文件）。",
            "除非信任来源，不要用 `pickle` 或 MegEngine 打开它。如果是您自己的文件："
            "只保存 TracedModule，"
            "或者用 `mgeconvert trace` 重新追踪网络。",
        ),
    ),
    Kind(
        303,
        Text(
            "A damaged pickle",
            "The pickle ends too early or holds bytes that no pickle has.",
            "A copy or download was interrupted, or the file was opened as text.",
            "Compare size and checksum with the original and copy the file again in binary mode.",
        ),
        Text(
            "损坏的 pickle",
            "pickle 提前结束，或者含有 pickle 中不可能出现的字节。",
            "拷贝或下载中断，或者被当作文本处理过。",
            "与原文件比较大小和校验和，以二进制方式重新拷贝。",
        ),
    ),
    Kind(
        304,
        Text(
            "A TracedModule that contradicts itself",
            "A record of the file lacks a field, has one of the wrong type, or its graph refers to what is not there."
            " The message names module and field.",
            "MegEngine does not write such files: the file was changed by hand or by another program, or is damaged.",
            "Save the module again with MegEngine (`mge.save`). If real MegEngine opens this very file, it is a bug"
            " of mgeconvert: please report it.",
        ),
        Text(
            "自相矛盾的 TracedModule",
            "文件中的某条记录缺少字段、字段类型不对，或者计算图引用了不存在的东西。错误信息给出模块和字段。",
            "MegEngine 不会写出这样的文件：它被人工或其他程序改过，或者已经损坏。",
            "用 MegEngine 重新保存（`mge.save`）。"
            "如果真正的 MegEngine 能打开同一个文件，那就是 mgeconvert 的问题，请反馈。",
        ),
    ),
    Kind(
        305,
        Text(
            "Arrays that are not plain numbers",
            "An array in the file has a type, a shape or a size that no tensor of MegEngine has.",
            "The array holds Python objects or records, or its bytes do not fit its shape.",
            "Save tensors with plain number types (float32, int32, ...).",
        ),
        Text(
            "不是普通数值的数组",
            "文件中的数组的类型、形状或大小不是 MegEngine 张量会有的。",
            "数组里是 Python 对象或结构体，或者字节数与形状不符。",
            "保存普通数值类型（float32、int32 等）的张量。",
        ),
    ),
    Kind(
        306,
        Text(
            "Weights without a network",
            "The file holds a state dict, a module that was not traced, or another object, and no graph.",
            "A checkpoint says what the weights are, not how they are computed with.",
            "With the network's Python code: `mgeconvert trace file.py:factory --weights checkpoint.pkl --input"
            " 1,3,224,224 -o m.pkl`. For PyTorch code of your own: `mgeconvert checkpoint-to-safetensors"
            " checkpoint.pkl`.",
        ),
        Text(
            "只有权重，没有网络",
            "文件里是 state dict、没有追踪过的模块或者其他对象，没有计算图。",
            "检查点只说明权重是什么，不说明如何计算。",
            "有网络的 Python 代码时：`mgeconvert trace file.py:factory --weights checkpoint.pkl --input"
            " 1,3,224,224 -o m.pkl`。要用在自己的 PyTorch 代码里：`mgeconvert checkpoint-to-safetensors"
            " checkpoint.pkl`。",
        ),
    ),
    Kind(
        307,
        Text(
            "A damaged ONNX file",
            "The protobuf message cannot be read, or a tensor's bytes do not fit its type and shape.",
            "A download was interrupted, or a tool wrote the file in a way that ONNX does not allow.",
            "Download it again; `onnx.checker.check_model` of the onnx package gives a second opinion.",
        ),
        Text(
            "损坏的 ONNX 文件",
            "protobuf 无法读取，或者某个张量的字节数与类型、形状不符。",
            "下载中断，或者某个工具写出了不符合 ONNX 规范的文件。",
            "重新下载；也可以用 onnx 包的 `onnx.checker.check_model` 再检查一次。",
        ),
    ),
    Kind(
        308,
        Text(
            "The weights of an ONNX model in another file",
            "The model names a data file that is missing, too short, or not where it may be.",
            "ONNX models above 2 GB keep weights in a second file. Only files below the model's own folder are read:"
            " a model could otherwise name any file of the machine.",
            "Put the data file beside the model, under the name that the message gives.",
        ),
        Text(
            "ONNX 的权重在另一个文件里",
            "模型引用的数据文件缺失、太短，或者不在允许的位置。",
            "超过 2 GB 的 ONNX 把权重放在第二个文件里。"
            "只读取模型所在目录之内的文件，否则模型可以引用机器上的任何文件。",
            "把数据文件放在模型旁边，名字与错误信息中的一致。",
        ),
    ),
    Kind(
        309,
        Text(
            "An ONNX graph that is no graph",
            "Nodes read what nothing computes, compute a value twice, or functions call each other without end.",
            "The tool that wrote the file has a bug, or the file was edited.",
            "Write the model again; report the message to the tool's authors.",
        ),
        Text(
            "不成立的 ONNX 图",
            "节点读取了没有人计算的值，同一个值被计算两次，或者函数互相调用没有尽头。",
            "写出该文件的工具有错误，或者文件被改过。",
            "重新导出模型，并把错误信息反馈给该工具的作者。",
        ),
    ),
    Kind(
        310,
        Text(
            "An opset that is not known",
            "The operator set is older or newer than those that are read or written.",
            "ONNX is read from opset 1 on and written from opset 7 on, up to the newest of the installed onnx.",
            "Give --opset within the range of the message, or install a newer onnx.",
        ),
        Text(
            "未知的 opset",
            "算子集版本比能读写的更旧或更新。",
            "ONNX 从 opset 1 开始可读，从 opset 7 开始可写，上限由安装的 onnx 决定。",
            "把 --opset 设在提示的范围内，或者安装更新的 onnx。",
        ),
    ),
    Kind(
        311,
        Text(
            "A prototxt that cannot be read",
            "The text of a Caffe net breaks the syntax of protobuf's text form at the place that is named.",
            "A bracket or quote is missing, a field is misspelled, or a value is of the wrong kind.",
            "Correct the place FILE:LINE:COLUMN of the message.",
        ),
        Text(
            "无法读取的 prototxt",
            "Caffe 网络描述在指出的位置不符合 protobuf 文本格式。",
            "缺少括号或引号，字段名写错，或者值的类型不对。",
            "改正错误信息中 文件:行:列 处的内容。",
        ),
    ),
    Kind(
        312,
        Text(
            "A Caffe net that Caffe would not take",
            "A layer's parameters, bottoms or tops do not fit each other or the layer before.",
            "The prototxt was edited, belongs to other weights, or uses layers of a changed Caffe.",
            "Look at the layer that is named; real Caffe says the same of it.",
        ),
        Text(
            "Caffe 不会接受的网络",
            "某一层的参数、bottom 或 top 互相不符，或者与前一层不符。",
            "prototxt 被改过，权重来自别的网络，或者用了改版 Caffe 的层。",
            "查看提示中的那一层；真正的 Caffe 也会拒绝它。",
        ),
    ),
    Kind(
        313,
        Text(
            "Caffe weights that are damaged or missing",
            "The caffemodel cannot be read, or holds no weights for layers that need some.",
            "It is of another net, of another part of a split model, or its copy was interrupted.",
            "Give the caffemodel that belongs to the prototxt; it is found under the same name.",
        ),
        Text(
            "Caffe 权重损坏或缺失",
            "caffemodel 无法读取，或者缺少某些层的权重。",
            "它属于另一个网络，或者是分块模型的另一块，或者拷贝中断。",
            "给出与 prototxt 配套的 caffemodel；程序按同名文件查找。",
        ),
    ),
    Kind(
        314,
        Text(
            "A damaged TFLite file",
            "An offset, size or index of the flatbuffer points to what is not there.",
            "A download was interrupted, or a tool wrote the file wrongly.",
            "Download it again; LiteRT's own interpreter gives a second opinion.",
        ),
        Text(
            "损坏的 TFLite 文件",
            "flatbuffer 中的偏移、大小或下标指向不存在的内容。",
            "下载中断，或者某个工具写错了文件。",
            "重新下载；也可以用 LiteRT 的解释器再检查一次。",
        ),
    ),
    Kind(
        315,
        Text(
            "A damaged static graph",
            "A `.mge` file ends too early, or its tables refer to what is not there.",
            "A copy was interrupted, or the file was changed.",
            "Copy or dump it again; the message gives the byte or the operator.",
        ),
        Text(
            "损坏的静态图",
            "`.mge` 文件提前结束，或者其中的表引用了不存在的内容。",
            "拷贝中断，或者文件被改过。",
            "重新拷贝或导出；错误信息给出字节位置或算子。",
        ),
    ),
    Kind(
        316,
        Text(
            "A static graph of another kind",
            "The `.mge` file is encrypted, newer than MegEngine 1.13, or a pack of several models.",
            "The vendor protects the model, or another program wrote it.",
            "Ask for the plain dump, or unpack it with MegEngine Lite's own tools.",
        ),
        Text(
            "另一种静态图",
            "`.mge` 文件经过加密，或者比 MegEngine 1.13 更新，或者是多个模型的包。",
            "厂商保护了模型，或者由别的程序写成。",
            "索取未加密的导出文件，或者用 MegEngine Lite 自己的工具解包。",
        ),
    ),
    Kind(
        317,
        Text(
            "A file that asks for too much",
            "A small file would take hours of time or gigabytes of memory to read, and was stopped beforehand.",
            "Either it was made to do so, or it nests or repeats its parts far beyond what models have.",
            "If the file is honest, write it with fewer repetitions; docs/security.md lists every limit.",
        ),
        Text(
            "要求过高的文件",
            "读取这个不大的文件会耗费数小时或数 GB 内存，因此事先停止。",
            "要么有意为之，要么嵌套或重复的程度远超正常模型。",
            "如果文件没有恶意，请减少重复后重新写出；docs/security.md 列出所有上限。",
        ),
    ),
    Kind(
        318,
        Text(
            "Recorded arrays that do not fit",
            "An .npz or .npy file cannot be read, or does not hold the arrays of this model.",
            "It holds Python objects, is of another model, or the arrays have other names, shapes or types.",
            "Save it with `np.savez(FILE, in_0=..., out_0=...)`: inputs and outputs in the model's order.",
        ),
        Text(
            "记录的数组不符",
            ".npz 或 .npy 文件无法读取，或者其中的数组不属于这个模型。",
            "里面是 Python 对象，或者属于另一个模型，或者名字、形状、类型不同。",
            "用 `np.savez(FILE, in_0=..., out_0=...)` 保存：按模型的顺序给出输入和输出。",
        ),
    ),
    Kind(
        319,
        Text(
            "Shapes that do not fit each other",
            "An operator of the model gets shapes or types that it cannot compute with.",
            "The model is wrong, or the sizes given with an option do not suit it.",
            "Look at the operator that is named; without options for shapes the model itself is at fault.",
        ),
        Text(
            "形状互相不符",
            "模型中的某个算子得到的形状或类型无法计算。",
            "模型有错，或者选项给出的尺寸不合适。",
            "查看提示中的算子；如果没有给出形状选项，问题就在模型本身。",
        ),
    ),
)
