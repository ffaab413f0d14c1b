"""MGE6xx: verification and what is compared."""

from __future__ import annotations

from .kind import Kind, Text

KINDS = (
    Kind(
        601,
        Text(
            "The written model computes something else",
            "The outputs of source and target, each in its real runtime, differ by more than the limit.",
            "A bug of mgeconvert or of a runtime, a network whose outputs are ill-conditioned, or a file that was"
            " changed.",
            "`mgeconvert verify MODEL FILE --per-layer` names the first value that differs; `--reduce FOLDER` writes"
            " the smallest part that does so. Please report it with that folder.",
        ),
        Text(
            "写出的模型结果不同",
            "源模型和目标模型在各自真实运行时里的输出之差超过上限。",
            "mgeconvert 或运行时的错误，输出本身病态的网络，或者文件被改过。",
            "`mgeconvert verify MODEL FILE --per-layer` 给出第一个不同的值；`--reduce FOLDER` 写出仍会出错的最小部分。"
            "请附上该目录反馈。",
        ),
    ),
    Kind(
        602,
        Text(
            "Ran, and was not compared",
            "The model runs, but there is nothing to compare its outputs with.",
            "No recorded outputs are given and the source's own runtime is not installed.",
            "Give recorded outputs with --io, or install the runtime that the message names.",
        ),
        Text(
            "已运行，但没有比较",
            "模型能运行，但没有可以比较的输出。",
            "没有给出记录的输出，也没有安装源格式的运行时。",
            "用 --io 给出记录的输出，或者安装提示中的运行时。",
        ),
    ),
    Kind(
        603,
        Text(
            "A runtime that does not take the file",
            "onnxruntime, LiteRT, OpenCV or Caffe cannot load or compute the file.",
            "The file is damaged or uses what this runtime does not implement; its own words are in the message.",
            "Try a newer version of the runtime, or `mgeconvert run --runtime NAME` with another one.",
        ),
        Text(
            "运行时不接受该文件",
            "onnxruntime、LiteRT、OpenCV 或 Caffe 无法加载或计算该文件。",
            "文件已损坏，或者用到了该运行时没有实现的功能；错误信息里有它的原话。",
            "使用更新的运行时，或者用 `mgeconvert run --runtime NAME` 换一个。",
        ),
    ),
    Kind(
        604,
        Text(
            "A proof that does not hold",
            "NAME.proof.json is of other files, is damaged, or its figures are not reached any more.",
            "Source, output or recorded arrays were changed after the conversion.",
            "Convert again with --proof.",
        ),
        Text(
            "证明不成立",
            "NAME.proof.json 属于别的文件，或者已损坏，或者其中的数字不再成立。",
            "转换之后源文件、输出或记录的数组被改过。",
            "带 --proof 重新转换。",
        ),
    ),
    Kind(
        605,
        Text(
            "Some of several models failed",
            "A run over several models ended with at least one that failed; the others are complete.",
            "Each failure has its own message before this one.",
            "Read the messages of the models that are named. A second run repeats only what failed.",
        ),
        Text(
            "多个模型中有失败",
            "处理多个模型时至少有一个失败；其余的已经完成。",
            "每个失败在前面都有自己的信息。",
            "查看提示中各个模型的信息。再次运行只会重做失败的部分。",
        ),
    ),
    Kind(
        606,
        Text(
            "Worse than before",
            "`batch --baseline` found figures that are worse than in the earlier run.",
            "A file became larger or slower, has more nodes, or a larger error.",
            "Compare the two runs; `--fail-on` says what makes the command fail.",
        ),
        Text(
            "比以前差",
            "`batch --baseline` 发现有的数字比上一次差。",
            "文件变大或变慢，节点更多，或者误差更大。",
            "比较两次运行；`--fail-on` 决定什么情况算失败。",
        ),
    ),
    Kind(
        607,
        Text(
            "Two models differ",
            "`mgeconvert diff` found differences; they are listed before this message.",
            "That is its answer; the exit code 1 says so to scripts.",
            "Restrict the comparison with --only, or give a limit with --rtol.",
        ),
        Text(
            "两个模型不同",
            "`mgeconvert diff` 发现了不同之处，已在前面列出。",
            "这就是它的回答；退出码 1 供脚本判断。",
            "用 --only 限定比较内容，或者用 --rtol 给出上限。",
        ),
    ),
    Kind(
        608,
        Text(
            "No input to run with",
            "The verification has no input: none was recorded, and none can be made or computed within bounds.",
            "An input is no tensor of known sizes, or a computation would need more time or memory than is sensible.",
            "Give recorded inputs and outputs with --io, or write without verifying (--no-verify).",
        ),
        Text(
            "没有可用的输入",
            "验证没有输入可用：没有记录的输入，也无法在限度内生成或计算。",
            "输入不是已知尺寸的张量，或者计算需要过多时间或内存。",
            "用 --io 给出记录的输入和输出，或者不验证直接写出（--no-verify）。",
        ),
    ),
    Kind(
        609,
        Text(
            "Source and target have other inputs or outputs",
            "The file to verify has inputs or outputs of other names, numbers or types than its source.",
            "It was made from another model, or edited.",
            "Compare them with `mgeconvert diff A B`.",
        ),
        Text(
            "源与目标的输入输出不同",
            "要验证的文件，输入或输出的名字、数量或类型与源模型不同。",
            "它来自另一个模型，或者被编辑过。",
            "用 `mgeconvert diff A B` 比较。",
        ),
    ),
    Kind(
        610,
        Text(
            "A fault that cannot be anonymized",
            "The failing part computes the right thing with other weights.",
            "The fault lies in the numbers of the weights, so that a report without them would show nothing.",
            "Report with the weights of the few nodes, if you may: leave out --anonymize.",
        ),
        Text(
            "无法匿名的问题",
            "出错的部分换了权重之后结果正确。",
            "问题出在权重的数值上，去掉权重的报告什么也说明不了。",
            "如果允许，请连同这几个节点的权重一起反馈：去掉 --anonymize。",
        ),
    ),
)
