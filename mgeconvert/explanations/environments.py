"""MGE7xx to MGE9xx: packages and environments, limits of a run, faults of mgeconvert."""

from __future__ import annotations

from .kind import Kind, Text

KINDS = (
    Kind(
        701,
        Text(
            "A package that is not installed",
            "The command needs an optional package: a runtime to verify with, or a library of a report.",
            "mgeconvert itself needs few packages; runtimes are extras.",
            "Install what the message names, or leave out the option that needs it (--no-verify needs no runtime).",
        ),
        Text(
            "缺少软件包",
            "命令需要一个可选的软件包：用来验证的运行时，或者生成报告的库。",
            "mgeconvert 本身依赖很少；运行时是可选的。",
            "安装提示中的软件包，或者去掉需要它的选项（--no-verify 不需要运行时）。",
        ),
    ),
    Kind(
        702,
        Text(
            "A reference environment that is not installed",
            "The command needs the real framework (MegEngine, PyTorch or Caffe), which runs in its own environment.",
            "MegEngine has wheels for old Pythons only, so it is never installed beside mgeconvert.",
            "`mgeconvert reference install megengine` (or torch, caffe); `mgeconvert reference status` shows them.",
        ),
        Text(
            "没有安装参考环境",
            "命令需要真正的框架（MegEngine、PyTorch 或 Caffe），它在单独的环境里运行。",
            "MegEngine 只有旧版 Python 的安装包，所以不会装在 mgeconvert 旁边。",
            "`mgeconvert reference install megengine`（或 torch、caffe）；`mgeconvert reference status` 查看状态。",
        ),
    ),
    Kind(
        703,
        Text(
            "A reference environment that cannot be made",
            "No suitable Python was found, or installing the packages failed.",
            "MegEngine needs CPython 3.8 to 3.10; pip's own last lines are in the message.",
            "Name an interpreter with `--python`, check network, proxy and disk, and run the command again: it begins"
            " anew.",
        ),
        Text(
            "无法建立参考环境",
            "没有找到合适的 Python，或者安装软件包失败。",
            "MegEngine 需要 CPython 3.8 到 3.10；错误信息里有 pip 的最后几行。",
            "用 `--python` 指定解释器，检查网络、代理和磁盘，再次运行即可，它会从头开始。",
        ),
    ),
    Kind(
        704,
        Text(
            "The real framework says no",
            "MegEngine, PyTorch or Caffe raised an error at what was asked; its own words are in the message.",
            "The network's code has a fault, or the framework cannot do this.",
            "Run the same in the framework itself; `--debug` shows its whole traceback.",
        ),
        Text(
            "真实框架报错",
            "MegEngine、PyTorch 或 Caffe 在执行时报错；错误信息里有它的原话。",
            "网络代码有问题，或者框架做不到。",
            "在框架里直接运行同样的内容；`--debug` 显示完整的调用栈。",
        ),
    ),
    Kind(
        705,
        Text(
            "The process of the framework ended",
            "The process in which the real framework or a runtime ran died or took too long.",
            "It crashed, ran out of memory, was killed, or the network's code ended it; its last lines are shown.",
            "Try smaller inputs; `--timeout` sets the time.",
        ),
        Text(
            "框架进程结束",
            "运行真实框架或运行时的进程异常退出，或者超时。",
            "崩溃、内存不足、被杀死，或者网络代码结束了进程；会显示它最后的输出。",
            "换小一些的输入；`--timeout` 设定时间。",
        ),
    ),
    Kind(
        706,
        Text(
            "A plugin that cannot be loaded",
            "An installed package offers a format, pass or operator and cannot be imported, or gives something else.",
            "The package is broken, or made for another version.",
            "Update or remove the package that the message names.",
        ),
        Text(
            "插件无法加载",
            "某个已安装的包声明了格式、优化或算子，但无法导入，或者给出的东西不对。",
            "该包已损坏，或者为别的版本而写。",
            "更新或卸载提示中的包。",
        ),
    ),
    Kind(
        707,
        Text(
            "A network that cannot be built",
            "`trace` could not import the target, call it, or got something that is no module.",
            "The module is not on the path, a name is misspelled, or the factory needs arguments.",
            "Give the folder with --path, arguments with --kwargs, the form file.py:factory or package.module:factory.",
        ),
        Text(
            "无法构建网络",
            "`trace` 无法导入目标、无法调用它，或者得到的不是模块。",
            "模块不在路径上，名字写错了，或者构造函数需要参数。",
            "用 --path 给出目录，用 --kwargs 给出参数，写成 file.py:factory 或 package.module:factory。",
        ),
    ),
    Kind(
        708,
        Text(
            "A checkpoint of another network",
            "The names or shapes of the checkpoint do not fit the network that was built.",
            "It is of another width, another number of classes, or another version of the code.",
            "The message lists what is missing, unexpected and of another shape; give the network's arguments with"
            " --kwargs.",
        ),
        Text(
            "检查点属于另一个网络",
            "检查点里的名字或形状与构建出的网络不符。",
            "宽度、类别数不同，或者代码版本不同。",
            "错误信息列出缺少的、多余的和形状不同的；用 --kwargs 给出网络的参数。",
        ),
    ),
    Kind(
        709,
        Text(
            "A trace that forgets something",
            "The traced module computes something else than the network on a second input.",
            "The network's Python code looks at the data (`.item()`, `.numpy()`, `if`), draws random numbers, or is in"
            " training mode: the trace keeps what the first input led to.",
            "Compute with MegEngine's operators instead, or keep it as it is with --allow-baked.",
        ),
        Text(
            "追踪丢失了内容",
            "追踪得到的模块在第二个输入上与原网络结果不同。",
            "网络的 Python 代码查看了数据（`.item()`、`.numpy()`、`if`），用了随机数，或者处于训练模式："
            "追踪只保留第一个输入走过的路径。",
            "改用 MegEngine 的算子计算，或者用 --allow-baked 保持原样。",
        ),
    ),
    Kind(
        710,
        Text(
            "A cluster that cannot be used",
            "The Dask scheduler of `batch --dask` does not answer, has no workers, or workers of another version.",
            "Nothing is started by mgeconvert: scheduler and workers are yours. Results are equal only where all have"
            " the same versions.",
            "Start `dask scheduler` and `dask worker ADDRESS` in environments of the same versions. The same command"
            " again goes on with what is not done.",
        ),
        Text(
            "集群不可用",
            "`batch --dask` 的 Dask 调度器没有应答，没有 worker，或者 worker 的版本不同。",
            "mgeconvert 不会启动任何东西：调度器和 worker 由您管理。只有版本全部相同，结果才相同。",
            "在版本相同的环境里启动 `dask scheduler` 和 `dask worker ADDRESS`。再次运行同一命令会继续未完成的部分。",
        ),
    ),
    Kind(
        801,
        Text(
            "The time limit",
            "The run took longer than --timeout and was ended; nothing was written.",
            "The model is large, or the machine is busy.",
            "Raise --timeout, or leave out the verification (--no-verify).",
        ),
        Text(
            "超时",
            "运行时间超过 --timeout，已经结束；没有写出任何文件。",
            "模型很大，或者机器繁忙。",
            "调大 --timeout，或者不做验证（--no-verify）。",
        ),
    ),
    Kind(
        802,
        Text(
            "The memory limit",
            "The run needed more memory than --max-memory or the machine has; nothing was written.",
            "Verification runs two models; large models need several times their weights.",
            "Raise --max-memory, or leave out the verification (--no-verify).",
        ),
        Text(
            "内存不足",
            "运行所需的内存超过 --max-memory 或机器的内存；没有写出任何文件。",
            "验证要运行两个模型；大模型需要权重的数倍内存。",
            "调大 --max-memory，或者不做验证（--no-verify）。",
        ),
    ),
    Kind(
        901,
        Text(
            "A fault of mgeconvert",
            "Something happened that mgeconvert did not expect; the exit code is 4. Nothing was written.",
            "This is a bug.",
            "Please report it with the output of the same command and --debug.",
        ),
        Text(
            "mgeconvert 的错误",
            "发生了 mgeconvert 没有预料到的情况，退出码为 4。没有写出任何文件。",
            "这是程序错误。",
            "请附上同一命令加 --debug 的输出反馈。",
        ),
    ),
    Kind(
        902,
        Text(
            "A stage that broke its promise",
            "The graph between two steps breaks a rule that every step keeps.",
            "This is a bug of a pass, a reader, or a plugin.",
            "Please report it with the model, or the part of it that `verify --reduce` writes; `-O 0` leaves the passes"
            " out.",
        ),
        Text(
            "内部步骤违反约定",
            "两个步骤之间的图违反了每个步骤都要遵守的规则。",
            "这是某个优化、读取器或插件的错误。",
            "请附上模型，或者 `verify --reduce` 写出的部分反馈；`-O 0` 可以不运行优化。",
        ),
    ),
    Kind(
        903,
        Text(
            "The run was ended",
            "Ctrl-C or a signal ended the run. Nothing is half-written.",
            "You, a scheduler or a time limit of the system asked for it.",
            "Run the command again.",
        ),
        Text(
            "运行被中断",
            "Ctrl-C 或信号结束了运行。没有写到一半的文件。",
            "由您、调度程序或系统的时间限制引起。",
            "重新运行命令。",
        ),
    ),
)
